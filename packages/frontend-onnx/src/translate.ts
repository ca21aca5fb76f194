/** A decoded file → core's Model: the walk over graphs, bodies and functions. The operators are in `ops/`. */
import { atOnce, builder, CuveeError, Model, stride, Value, type Builder, type ModelSource, type Node, type Steps } from '@cuvee/core';
import { arityProblem } from './arity.js';
import { NodeAttributes } from './attributes.js';
import { Captures } from './captures.js';
import { ExternalFiles } from './external.js';
import { callAttributes, domainOf, Functions, resolveAttributes } from './functions.js';
import { FileNode, type Bodies } from './file-node.js';
import type { BodyTranslation, OnnxNode, OnnxOp, Operand } from './node.js';
import { opsetsOf, modelOpsets } from './opsets.js';
import { orderNodes } from './order.js';
import type { OnnxOptions } from './index.js';
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto } from './proto/index.js';
import { finder, type FindOp } from './own.js';
import { Ports, resultsOf } from './ports.js';
import { atNode } from './problems.js';
import { takesSequences } from './registry.js';
import { Scope } from './scope.js';
import { denseOf, literalOf } from './tensor.js';
import { refuseUnknown } from './unknown.js';
import { dropUnread } from './unread.js';

/** How deep bodies and function calls may nest, together. */
const maxDepth = 64;
/** How many nodes the bodies of called functions may add. */
const maxInlined = 200_000;

/** What a list of nodes is translated in. */
interface Frame {
  readonly g: Builder;
  readonly scope: Scope;
  readonly opsets: ReadonlyMap<string, number>;
  /** Attributes of the function call that the nodes are the body of. */
  readonly call: ReadonlyMap<string, AttributeProto> | undefined;
  readonly active: readonly FunctionProto[];
  readonly depth: number;
  /** Put before friendly names; '' in the model's own graph, whose value names become tensor names. */
  readonly prefix: string;
}

/**
 * Builds the model of a decoded file. `source.beside` opens external data.
 * Throws MODEL_INVALID for a file that contradicts itself or the specification, MODEL_UNSUPPORTED for what Cuvée lacks.
 */
export const translate = (proto: ModelProto, source: ModelSource, options: OnnxOptions = {}): Model =>
  atOnce(translating(proto, source, options));

/** The same in steps: a pause between nodes of the model's own graph. */
export const translating = (proto: ModelProto, source: ModelSource, options: OnnxOptions = {}): Steps<Model> =>
  new Translation(proto, source, options).model();

class Translation {
  readonly #proto: ModelProto;
  readonly #source: ModelSource;
  readonly #files: ExternalFiles;
  readonly #functions: Functions;
  readonly #find: FindOp;
  readonly #names = new Map<string, number>();
  readonly #options: OnnxOptions;
  /** How nodes translate their bodies. */
  readonly #bodies: Bodies<Frame> = {
    inline: (body, inputs, frame, title) => this.#inline(body, inputs, frame, title),
    model: (body, frame, title) => this.#body(body, frame, title),
  };
  #inlined = 0;

  constructor(proto: ModelProto, source: ModelSource, options: OnnxOptions) {
    this.#options = options;
    this.#proto = proto;
    this.#source = source;
    this.#files = new ExternalFiles(source.beside);
    this.#functions = new Functions(proto);
    this.#find = finder(source.extensions);
  }

  *model(): Steps<Model> {
    const { graph } = this.#proto;
    const opsets = modelOpsets(this.#proto);
    if (!graph) throw new CuveeError('MODEL_INVALID', 'the file has no graph');
    refuseUnknown(this.#proto, this.#functions, this.#find);
    const g = builder();
    const frame: Frame = { g, scope: new Scope(), opsets, call: undefined, active: [], depth: 0, prefix: '' };
    const parameters = this.#inputs(graph, frame);
    yield* this.#nodes(graph, frame);
    const results = resultsOf(g, graph, (name) => operandOf(name, frame.scope));
    const model = new Model({ name: graph.name || 'model', parameters, results, scope: g.scope });
    model.path = this.#source.path;
    dropUnread(model);
    return model;
  }

  /** Parameters for the graph's inputs; those that an initialiser gives a value are constants. */
  #inputs(graph: GraphProto, { g, scope }: Frame): readonly Node[] {
    const constant = new Set(graph.initializer.map((t) => t.name));
    const ports = new Ports(g, this.#options.inputs, (name) => this.#unique(name));
    for (const { name = '', type } of graph.input) {
      if (name === '') throw new CuveeError('MODEL_INVALID', 'an input has no name');
      if (!constant.has(name)) scope.define(name, ports.input(name, type), 'input');
    }
    return ports.parameters;
  }

  /** Initialisers, which become constants when something reads them, and nodes. */
  *#nodes(graph: GraphProto, frame: Frame): Steps<void> {
    const { g, scope, prefix } = frame;
    const lazily = (name: string, make: () => Value): void =>
      scope.define(
        name,
        () => {
          const value = make();
          if (prefix === '') value.names = [name];
          return value;
        },
        'initializer',
      );
    for (const tensor of graph.initializer) {
      const name = tensor.name ?? '';
      lazily(name, () => g.constant(literalOf(tensor, this.#files, `initializer "${name}"`), this.#unique(prefix + name)));
    }
    for (const tensor of graph.sparseInitializer) {
      const name = tensor.values?.name ?? '';
      lazily(name, () => g.constant(denseOf(tensor, this.#files, `initializer "${name}"`), this.#unique(prefix + name)));
    }
    yield;
    const nodes = orderNodes(graph.node, (name) => scope.knows(name));
    for (let i = 0; i < nodes.length; i++) {
      if (i % stride === 0) yield;
      this.#node(nodes[i] as NodeProto, frame);
    }
  }

  #node(node: NodeProto, frame: Frame): void {
    const domain = domainOf(node.domain),
      op = node.opType ?? '';
    const title = node.name || node.output.find((name) => name !== '') || '';
    const what = `${op} "${title}"`;
    const known = this.#find(domain, op);
    const function_ = known ? undefined : this.#functions.find(node);
    try {
      const operands = node.input.map((name) => (name === '' ? undefined : operandOf(name, frame.scope)));
      const outputs = function_
        ? this.#call(function_, node, operands, frame, what)
        : this.#operator(known as OnnxOp, node, operands, frame, domain, what, title);
      this.#bind(node, outputs, frame, title);
    } catch (error) {
      throw atNode(what, error, op, title);
    }
  }

  #operator(
    translateOp: OnnxOp,
    node: NodeProto,
    operands: readonly (Operand | undefined)[],
    frame: Frame,
    domain: string,
    what: string,
    title: string,
  ): readonly (Operand | undefined)[] {
    const { g } = frame;
    const version = frame.opsets.get(domain);
    if (version === undefined && domain === '')
      throw new CuveeError('MODEL_INVALID', 'the file does not say which version of ai.onnx it uses');
    const wrong = arityProblem(node, domain, version ?? 1);
    if (wrong) throw new CuveeError('MODEL_INVALID', wrong);
    const plain = operands.every(isTensor);
    const odd = plain || takesSequences(translateOp) ? -1 : operands.findIndex((operand) => !isTensor(operand));
    if (odd >= 0) throw new CuveeError('MODEL_INVALID', `input ${odd} is no tensor`);
    const attributes = new NodeAttributes(resolveAttributes(node, frame.call, what), this.#files, what);
    const tensors = plain ? operands : operands.map(tensorOf);
    const onnx = new FileNode(node, title, frame, this.#bodies, version ?? 1, attributes, tensors, operands);
    const origin = g.origin;
    g.origin = [frame.prefix + title];
    try {
      const result = translateOp(onnx as unknown as OnnxNode);
      return isList(result) ? result : [result];
    } finally {
      g.origin = origin;
    }
  }

  /** Puts a function's body in place of a call. */
  #call(
    f: FunctionProto,
    node: NodeProto,
    operands: readonly (Operand | undefined)[],
    frame: Frame,
    what: string,
  ): readonly (Operand | undefined)[] {
    if (frame.active.includes(f)) throw new CuveeError('MODEL_INVALID', `function ${f.name ?? ''} calls itself`);
    if (operands.length > f.input.length)
      throw new CuveeError('MODEL_INVALID', `function ${f.name ?? ''} takes ${f.input.length} inputs, the call gives ${operands.length}`);
    if (node.output.length > f.output.length)
      throw new CuveeError(
        'MODEL_INVALID',
        `function ${f.name ?? ''} has ${f.output.length} outputs, the call asks for ${node.output.length}`,
      );
    this.#inlined += f.node.length;
    if (this.#inlined > maxInlined)
      throw new CuveeError('MODEL_UNSUPPORTED', `the calls of functions expand to more than ${maxInlined} nodes`);
    const own = opsetsOf(f.opsetImport);
    const given = resolveAttributes(node, frame.call, what);
    const scope = new Scope();
    const absent = new Set<string>();
    f.input.forEach((name, i) => {
      const operand = operands[i];
      if (operand) scope.define(name, operand, 'function input');
      else absent.add(name);
    });
    const inner = this.#deeper(frame, {
      scope,
      opsets: new Map([...frame.opsets, ...own]),
      call: callAttributes(f, given),
      active: [...frame.active, f],
      prefix: `${frame.prefix}${node.name || node.output[0] || ''}/`,
    });
    const body = absent.size === 0 ? f.node : f.node.map((n) => ({ ...n, input: n.input.map((name) => (absent.has(name) ? '' : name)) }));
    for (const n of orderNodes(body, (name) => scope.knows(name))) this.#node(n, inner);
    return node.output.map((_, i) => scope.find(f.output[i] as string));
  }

  #deeper(frame: Frame, change: Partial<Frame>): Frame {
    if (frame.depth >= maxDepth) throw new CuveeError('MODEL_INVALID', `bodies and function calls are nested more than ${maxDepth} deep`);
    return { ...frame, ...change, depth: frame.depth + 1 };
  }

  #inline(body: GraphProto, inputs: readonly Operand[], frame: Frame, title: string): readonly Operand[] {
    const scope = new Scope(frame.scope);
    return this.#run(body, inputs, this.#deeper(frame, { scope, prefix: `${frame.prefix}${title}/` }));
  }

  #body(body: GraphProto, frame: Frame, title: string): BodyTranslation {
    const g = builder();
    const prefix = `${frame.prefix}${title}/`;
    const captures = new Captures(g, ({ node }) => this.#unique(prefix + node.name));
    const scope = new Scope(frame.scope, (operand) => captures.inside(operand));
    const inner = this.#deeper(frame, { g, scope, prefix });
    return {
      g,
      captures: captures.parameters,
      run: (inputs) => this.#run(body, inputs, inner),
      model: (own, outputs) => {
        const results = outputs.map((value) => g.result(value, this.#unique(`${prefix}${value.node.name}/result`)));
        const parameters = [...own, ...captures.parameters.values()].map((p) => p.node);
        const model = new Model({ name: body.name || title, parameters, results, scope: g.scope });
        dropUnread(model);
        return model;
      },
    };
  }

  #run(body: GraphProto, inputs: readonly Operand[], frame: Frame): readonly Operand[] {
    if (body.input.length !== inputs.length)
      throw new CuveeError(
        'MODEL_INVALID',
        `the body "${body.name ?? ''}" takes ${body.input.length} inputs, it is given ${inputs.length}`,
      );
    body.input.forEach(({ name = '' }, i) => frame.scope.define(name, inputs[i] as Operand, 'input'));
    atOnce(this.#nodes(body, frame));
    return body.output.map(({ name = '' }) => operandOf(name, frame.scope));
  }

  /** Gives a node's outputs their names. */
  #bind(node: NodeProto, outputs: readonly (Operand | undefined)[], frame: Frame, title: string): void {
    let named = 0;
    for (let i = 0; i < node.output.length; i++) {
      const name = node.output[i] as string;
      if (name === '') continue;
      const operand = outputs[i];
      if (operand === undefined) throw new CuveeError('MODEL_UNSUPPORTED', `output ${i} ("${name}") is not supported`);
      frame.scope.define(name, operand, 'value');
      if (!(operand instanceof Value)) continue;
      const made = operand.node;
      if (made.isUnnamed) made.name = this.#unique(frame.prefix + (named++ === 0 ? title : name));
      if (frame.prefix === '' && !operand.names.includes(name)) operand.names = [...operand.names, name];
    }
  }

  /** A friendly name that no other node has. */
  #unique(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return count === 1 ? name : this.#unique(`${name}.${count}`);
  }
}

const isTensor = (operand: Operand | undefined): operand is Value | undefined => operand === undefined || operand instanceof Value;
const tensorOf = (operand: Operand | undefined): Value | undefined => (operand instanceof Value ? operand : undefined);
const isList = (result: Operand | undefined | readonly (Operand | undefined)[]): result is readonly (Operand | undefined)[] =>
  Array.isArray(result);

function operandOf(name: string, scope: Scope): Operand {
  const operand = scope.find(name);
  if (operand === undefined) throw new CuveeError('MODEL_INVALID', `nothing makes "${name}"`);
  return operand;
}

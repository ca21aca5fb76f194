/** A decoded file → core's Model: the walk over graphs, bodies and functions. The operators are in `ops/`. */
import {
  atOnce,
  builder,
  CuveeError,
  Model,
  partialShapeOf,
  stride,
  Value,
  type Builder,
  type ErrorCode,
  type ModelSource,
  type Node,
  type Steps,
} from '@cuvee/core';
import { arityProblem } from './arity.js';
import { NodeAttributes } from './attributes.js';
import { toNumber } from './checked.js';
import { ExternalFiles } from './external.js';
import { callAttributes, domainOf, Functions, resolveAttributes } from './functions.js';
import { FileNode, type Bodies } from './file-node.js';
import { Optional, Sequence, type BodyTranslation, type OnnxNode, type OnnxOp, type Operand } from './node.js';
import { orderNodes } from './order.js';
import type { OnnxOptions } from './index.js';
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TypeProto } from './proto/index.js';
import { finder, type FindOp } from './own.js';
import { takesSequences } from './registry.js';
import { Scope } from './scope.js';
import { denseOf, literalOf } from './tensor.js';
import { elementTypeOf, tensorTypeOf } from './types.js';
import { refuseUnknown } from './unknown.js';
import { dropUnread } from './unread.js';

/** Newest IR version and operator set that this reader knows. */
export const newest = { ir: 14, opset: 28 } as const;
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
    const { graph, irVersion = 0n } = this.#proto;
    if (irVersion < 1n || irVersion > 0x7fffffffn) throw new CuveeError('MODEL_INVALID', `IR version ${irVersion} does not exist`);
    if (irVersion > newest.ir)
      throw new CuveeError('MODEL_UNSUPPORTED', `IR version ${irVersion} is newer than ${newest.ir}, the newest that is known`);
    if (!graph) throw new CuveeError('MODEL_INVALID', 'the file has no graph');
    const opsets = opsetsOf(this.#proto.opsetImport);
    if (irVersion < 3n && !opsets.has('')) (opsets as Map<string, number>).set('', 1);
    refuseUnknown(this.#proto, this.#functions, this.#find);
    const g = builder();
    const frame: Frame = { g, scope: new Scope(), opsets, call: undefined, active: [], depth: 0, prefix: '' };
    const parameters = this.#inputs(graph, frame);
    yield* this.#nodes(graph, frame);
    if (graph.output.length === 0) throw new CuveeError('MODEL_INVALID', 'the graph has no outputs');
    const listed = new Set<string>();
    const results = graph.output.flatMap(({ name = '', type }) => {
      if (listed.has(name)) throw new CuveeError('MODEL_INVALID', `output "${name}" is listed twice`);
      listed.add(name);
      const value = operandOf(name, frame.scope);
      if (!(value instanceof Value)) return structuredResults(g, name, value);
      const declared = type?.tensorType?.elemType;
      if (declared && value.fact.type !== 'dynamic' && elementTypeOf(declared, `output "${name}"`) !== value.fact.type) {
        throw new CuveeError(
          'MODEL_INVALID',
          `output "${name}" is declared as ${elementTypeOf(declared, name)}, but it is ${value.fact.type}`,
        );
      }
      const result = g.result(value, name);
      result.output.names = [name];
      return result;
    });
    const model = new Model({ name: graph.name || 'model', parameters, results, scope: g.scope });
    model.path = this.#source.path;
    dropUnread(model);
    return model;
  }

  /** Parameters for the graph's inputs; those that an initialiser gives a value are constants. */
  #inputs(graph: GraphProto, frame: Frame): readonly Node[] {
    const constant = new Set(graph.initializer.map((t) => t.name));
    const parameters: Node[] = [];
    for (const { name = '', type } of graph.input) {
      if (name === '') throw new CuveeError('MODEL_INVALID', 'an input has no name');
      if (constant.has(name)) continue;
      frame.scope.define(name, this.#input(frame.g, name, type, this.#options.inputs?.[name], parameters), 'input');
    }
    return parameters;
  }

  /** A parameter; for a sequence or an optional one for each tensor that it holds. */
  #input(g: Builder, name: string, type: TypeProto | undefined, given: number | 'absent' | undefined, parameters: Node[]): Operand {
    if (type?.optionalType) {
      if (given === 'absent') return new Optional(undefined);
      return new Optional(this.#input(g, name, type.optionalType.elemType, given, parameters));
    }
    if (type?.sequenceType) {
      if (typeof given !== 'number')
        throw new CuveeError(
          'MODEL_UNSUPPORTED',
          `input "${name}" is a sequence; read with onnx({ inputs: { "${name}": n } }) for n items`,
        );
      const items = Array.from({ length: given }, (_, i) =>
        this.#input(g, `${name}[${i}]`, type.sequenceType?.elemType, this.#options.inputs?.[`${name}[${i}]`], parameters),
      );
      return new Sequence(items);
    }
    const { type: element, shape } = tensorTypeOf(type, `input "${name}"`);
    const value = g.parameter(element, shape, this.#unique(name));
    value.names = [name];
    parameters.push(value.node);
    return value;
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
    const captures = new Map<Value, Value>();
    const inside = (operand: Operand): Operand => {
      if (operand instanceof Sequence) return new Sequence(operand.items.map(inside));
      if (operand instanceof Optional) return new Optional(operand.content && inside(operand.content));
      const { fact } = operand;
      if (fact.value) return g.constant(fact.value, this.#unique(`${frame.prefix}${title}/${operand.node.name}`));
      let parameter = captures.get(operand);
      if (!parameter) {
        parameter = g.parameter(fact.type, partialShapeOf(fact).toString(), this.#unique(`${frame.prefix}${title}/${operand.node.name}`));
        captures.set(operand, parameter);
      }
      return parameter;
    };
    const scope = new Scope(frame.scope, inside);
    const inner = this.#deeper(frame, { g, scope, prefix: `${frame.prefix}${title}/` });
    return {
      g,
      captures,
      run: (inputs) => this.#run(body, inputs, inner),
      model: (own, outputs) => {
        const results = outputs.map((value) => g.result(value, this.#unique(`${inner.prefix}${value.node.name}/result`)));
        const model = new Model({
          name: body.name || title,
          parameters: [...own, ...captures.values()].map((p) => p.node),
          results,
          scope: g.scope,
        });
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

/** A result for each tensor of a sequence or an optional: `name[0]`, `name[1]`, …; an optional's content has its name. */
function structuredResults(g: Builder, name: string, operand: Operand): readonly Node[] {
  if (operand instanceof Optional) return operand.content ? structuredResults(g, name, operand.content) : [];
  if (operand instanceof Sequence) return operand.items.flatMap((item, i) => structuredResults(g, `${name}[${i}]`, item));
  const result = g.result(operand, name);
  result.output.names = [name];
  return [result];
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

/** Versions by domain. Throws MODEL_INVALID for numbers that are none and for two versions of one domain. */
function opsetsOf(imports: readonly OperatorSetIdProto[]): ReadonlyMap<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain: name, version = 0n } of imports) {
    const domain = domainOf(name);
    const number = toNumber(version);
    if (number < 1 || number > 0x7fffffff)
      throw new CuveeError('MODEL_INVALID', `version ${version} of operator set "${domain || 'ai.onnx'}" does not exist`);
    if (domain === '' && number > newest.opset)
      throw new CuveeError(
        'MODEL_UNSUPPORTED',
        `operator set ${version} of ai.onnx is newer than ${newest.opset}, the newest that is known`,
      );
    if ((opsets.get(domain) ?? number) !== number)
      throw new CuveeError('MODEL_INVALID', `two versions of operator set "${domain || 'ai.onnx'}" are asked for`);
    opsets.set(domain, number);
  }
  return opsets;
}

/** Codes that a room may throw while its node is built, as what they mean for the file. */
const codes: Partial<Record<ErrorCode, ErrorCode>> = {
  SHAPE_MISMATCH: 'MODEL_INVALID',
  TYPE_MISMATCH: 'MODEL_INVALID',
  ARGUMENT_INVALID: 'MODEL_INVALID',
  NOT_IMPLEMENTED: 'MODEL_UNSUPPORTED',
};

function atNode(what: string, error: unknown, op: string, node: string): CuveeError {
  const wrapped = CuveeError.wrap(what, error, 'INTERNAL');
  const text = wrapped.text;
  return new CuveeError(codes[wrapped.code] ?? wrapped.code, text, { op, node, cause: wrapped.cause });
}

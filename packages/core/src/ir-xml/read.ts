/** @file IR v10/v11 → Model, by the rooms' attribute schemas and versions. */
import { CuveeError } from '../errors.js';
import { Model } from '../ir/model.js';
import type { Node, Value } from '../ir/node.js';
import { checkAttributes, type PortMapping, type Schema } from '../ops/attributes.js';
import type { Op } from '../ops/op.js';
import { builder, rooms, type Builder } from '../opset/index.js';
import { checkRange, fileRange, readRange } from '../runtime/files.js';
import { ownRoom, type OperationExtension } from '../runtime/extension.js';
import type { ModelSource } from '../runtime/frontend.js';
import { atOnce, stride, type Steps } from '../runtime/steps.js';
import { bitsOf, byteSize, isElementType } from '../tensor/element.js';
import { Literal, rangeFrom } from '../tensor/literal.js';
import { sizeOf } from '../tensor/nd.js';
import { parsingXml, type RawEdge, type RawLayer, type RawNet, type RawPortMap } from './parse.js';
import { readAttributes, readNames, readStrings } from './values.js';

/** Deepest nesting of bodies. */
const deepestBody = 16;

let byType: Map<string, Op> | undefined;
function roomsByType(): Map<string, Op> {
  const all = new Map<string, Op>();
  for (const room of rooms.values()) {
    for (const name of [room.name, room.xmlName, ...(room.aliases ?? [])]) all.set(name.toLowerCase(), room);
  }
  return all;
}
const roomOf = (type: string): Op | undefined => (byType ??= roomsByType()).get(type.toLowerCase());
/** A room that is in no opset, whose domain the layer names as its version. */
const roomBeside = ({ type, version }: { readonly type: string; readonly version: string }): Op | undefined =>
  roomOf(type)?.domain === version ? roomOf(type) : undefined;
const isOpset = (version: string): boolean => /^opset\d+$/.test(version);

/** Reads a model. Throws MODEL_INVALID or MODEL_UNSUPPORTED (all unknown operations in one). */
export const readIr = (source: ModelSource): Model => atOnce(readingIr(source));

/** The same in steps. */
export function* readingIr(source: ModelSource): Steps<Model> {
  const net = yield* parsingXml(new TextDecoder().decode(source.bytes));
  if (net.version !== '10' && net.version !== '11')
    throw new CuveeError('MODEL_INVALID', `IR version ${JSON.stringify(net.version)} is not supported; 10 and 11 are`);
  if (net.layers.length === 0) throw new CuveeError('MODEL_INVALID', 'the model has no layer');
  refuseUnknown(net, source.extensions ?? []);
  return yield* new Reader(net, source, 0).model();
}

/** The newest opset whose operations are known. */
const newestOpset = 16;

function refuseUnknown(net: RawNet, extensions: readonly OperationExtension[]): void {
  const unknown = new Map<string, number>();
  const visit = (n: RawNet, depth: number): void => {
    if (depth > deepestBody) throw new CuveeError('MODEL_INVALID', `bodies are nested more than ${deepestBody} deep`);
    for (const layer of n.layers) {
      const name = `${layer.type} (${layer.version})`;
      const known = isOpset(layer.version)
        ? roomOf(layer.type) && roomOf(layer.type)?.domain === undefined && Number(layer.version.slice(5)) <= newestOpset
        : (ownRoom(extensions, layer.version, layer.type) ?? roomBeside(layer));
      if (!known) unknown.set(name, (unknown.get(name) ?? 0) + 1);
      for (const body of Object.values(layer.bodies)) visit(body, depth + 1);
    }
  };
  visit(net, 0);
  if (unknown.size > 0)
    throw new CuveeError(
      'MODEL_UNSUPPORTED',
      `operations that are not known: ${[...unknown].map(([name, n]) => (n > 1 ? `${name} × ${n}` : name)).join(', ')}`,
    );
}

class Reader {
  readonly #net: RawNet;
  readonly #source: Pick<ModelSource, 'weights' | 'extensions'>;
  readonly #depth: number;
  readonly #g: Builder = builder();
  readonly #layers = new Map<string, RawLayer>();
  /** By consuming layer: port id → producing edge. */
  readonly #incoming = new Map<string, Map<string, RawEdge>>();
  readonly #values = new Map<string, readonly Value[]>();

  constructor(net: RawNet, source: Pick<ModelSource, 'weights' | 'extensions'>, depth: number) {
    this.#net = net;
    this.#source = source;
    this.#depth = depth;
    for (const layer of net.layers) {
      if (this.#layers.has(layer.id)) this.#fail(layer, `layer id ${layer.id} occurs twice`);
      this.#layers.set(layer.id, layer);
    }
    for (const edge of net.edges) {
      if (!this.#layers.has(edge.to)) throw new CuveeError('MODEL_INVALID', `an edge goes to layer ${edge.to}, which does not exist`);
      const ports = this.#incoming.get(edge.to) ?? new Map<string, RawEdge>();
      if (ports.has(edge.toPort)) throw new CuveeError('MODEL_INVALID', `port ${edge.toPort} of layer ${edge.to} has two edges`);
      this.#incoming.set(edge.to, ports.set(edge.toPort, edge));
    }
  }

  #fail(layer: RawLayer, message: string): never {
    throw new CuveeError('MODEL_INVALID', `${layer.type} "${layer.name}": ${message}`, { op: layer.type, node: layer.name });
  }

  *model(): Steps<Model> {
    const order = this.#order();
    for (let i = 0; i < order.length; i++) {
      if (i % stride === 0) yield;
      const layer = order[i] as RawLayer;
      this.#values.set(layer.id, this.#build(layer));
    }
    const nodes = (wanted: (op: Op | undefined) => boolean): Node[] =>
      this.#net.layers
        .filter((l) => wanted(roomOf(l.type)))
        .flatMap(
          (l) =>
            this.#values
              .get(l.id)
              ?.slice(0, 1)
              .map((v) => v.node) ?? [],
        );
    const model = new Model({
      name: this.#net.name,
      parameters: nodes((op) => op?.name === 'Parameter'),
      results: nodes((op) => op?.name === 'Result'),
      sinks: nodes((op) => op?.traits.variable === 'write'),
      scope: this.#g.scope,
    });
    model.rtInfo = this.#net.rtInfo;
    return model;
  }

  /** Layers so that every one comes after those that feed it. Throws MODEL_INVALID on a cycle. */
  #order(): readonly RawLayer[] {
    const done = new Set<RawLayer>();
    const open = new Set<RawLayer>();
    const order: RawLayer[] = [];
    const sources = (layer: RawLayer): RawLayer[] =>
      [...(this.#incoming.get(layer.id)?.values() ?? [])].map((e) => {
        const from = this.#layers.get(e.from) ?? this.#fail(layer, `an edge comes from layer ${e.from}, which does not exist`);
        return from.type === 'Result' ? this.#fail(layer, `an edge comes from the result "${from.name}", which gives nothing`) : from;
      });
    for (const root of this.#net.layers) {
      const stack = done.has(root) ? [] : [{ layer: root, rest: sources(root) }];
      while (stack.length > 0) {
        const top = stack[stack.length - 1] as { layer: RawLayer; rest: RawLayer[] };
        open.add(top.layer);
        const next = top.rest.pop();
        if (!next) {
          stack.pop();
          open.delete(top.layer);
          if (!done.has(top.layer)) order.push(top.layer);
          done.add(top.layer);
        } else if (open.has(next)) this.#fail(next, 'the layer depends on itself');
        else if (!done.has(next)) stack.push({ layer: next, rest: sources(next) });
      }
    }
    return order;
  }

  /** The layout of an input or output of the model, which is written at the tensor. */
  #layout(layer: RawLayer): Record<string, string> | undefined {
    if (layer.type === 'Parameter') return layer.outputs[0]?.rtInfo?.layout;
    const edge = layer.type === 'Result' ? this.#incoming.get(layer.id)?.values().next().value : undefined;
    return edge && this.#layers.get(edge.from)?.outputs.find((p) => p.id === edge.fromPort)?.rtInfo?.layout;
  }

  #inputs(layer: RawLayer): Value[] {
    const incoming = this.#incoming.get(layer.id);
    return layer.inputs.map(({ id }) => {
      const edge = incoming?.get(id) ?? this.#fail(layer, `input port ${id} has no edge`);
      const from = this.#layers.get(edge.from) as RawLayer;
      const index = from.outputs.findIndex((p) => p.id === edge.fromPort);
      return (
        this.#values.get(edge.from)?.[index] ??
        this.#fail(layer, `its edge comes from port ${edge.fromPort} of layer ${edge.from}, which does not exist`)
      );
    });
  }

  #build(layer: RawLayer): readonly Value[] {
    const own = isOpset(layer.version)
      ? undefined
      : (ownRoom(this.#source.extensions ?? [], layer.version, layer.type) ?? roomBeside(layer));
    const room = own ?? (roomOf(layer.type) as Op);
    if (room.name === 'Constant') return this.#named(layer, [this.#g.constant(this.#literal(layer), layer.name)]);
    const inputs = this.#inputs(layer);
    const opset = own ? Number.POSITIVE_INFINITY : Number(layer.version.slice(5));
    const version = [...room.versions].reverse().find((v) => v.opset <= opset) ?? room.versions[0];
    const newest = room.versions[room.versions.length - 1];
    const schema = version?.attributes ?? room.schema;
    const given = { ...readAttributes(schema, layer.data), ...this.#subgraphs(layer, schema) };
    if (!version || version === newest) return this.#named(layer, this.#g.node(room, inputs, given, { name: layer.name }));
    const old = checkAttributes(room.name, layer.name, schema, given);
    if (version.rebuild) return this.#named(layer, version.rebuild(this.#g, inputs, old));
    return this.#named(layer, this.#g.node(room, inputs, version.upgrade ? version.upgrade(old) : old, { name: layer.name }));
  }

  /** Names, and what is kept for writing. */
  #named(layer: RawLayer, values: readonly Value[]): readonly Value[] {
    const node = values[0]?.node;
    if (!node) return values;
    if (values.every((v) => v.node === node)) {
      node.name = layer.name;
      node.origin = [layer.name];
      const layout = this.#layout(layer);
      if (layout) node.rtInfo = { layout, ...layer.rtInfo };
      else if (Object.keys(layer.rtInfo).length > 0) node.rtInfo = layer.rtInfo;
    }
    layer.outputs.forEach((port, i) => {
      const value = values[i];
      if (value && port.names !== '') value.names = readNames(port.names);
    });
    if (layer.outputNames !== undefined && values[0]) values[0].names = readNames(layer.outputNames);
    return values;
  }

  #literal(layer: RawLayer): Literal {
    const { element_type: type = '', shape = '', offset = '', size = '' } = layer.data;
    if (!isElementType(type) || type === 'dynamic') return this.#fail(layer, `unknown element type "${type}"`);
    const dims = shape.trim() === '' ? [] : shape.split(',').map(Number);
    if (!dims.every((d) => Number.isSafeInteger(d) && d >= 0) || !Number.isSafeInteger(sizeOf(dims)))
      return this.#fail(layer, `its shape "${shape}" is no static shape`);
    const [from, length] = [Number(offset), Number(size)];
    if (type !== 'string' && bitsOf(type) > 0 && length !== byteSize(type, sizeOf(dims)))
      return this.#fail(layer, `${type} [${dims.join(',')}] takes ${byteSize(type, sizeOf(dims))} bytes, its size is ${size}`);
    if (length === 0 && type !== 'string') return Literal.of(type, dims, Literal.from(type, [0], []).storage);
    const weights = this.#source.weights ?? this.#fail(layer, 'its data is in the weights (.bin), which are missing');
    const inFile = weights.kind === 'file';
    checkRange(inFile ? weights.path : 'weights', inFile ? weights.length : weights.bytes.byteLength, from, length);
    if (inFile && type !== 'string' && length >= rangeFrom)
      return Literal.at(type, dims, fileRange(weights.path, weights.offset + from, length));
    const bytes = inFile ? readRange(weights.path, weights.offset + from, length) : weights.bytes.subarray(from, from + length);
    return type === 'string' ? Literal.of(type, dims, readStrings(bytes, layer.name)) : Literal.at(type, dims, { kind: 'bytes', bytes });
  }

  /** Bodies and their port maps, in the names of the room's schema. */
  #subgraphs(layer: RawLayer, schema: Schema): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (const [name, net] of Object.entries(layer.bodies)) {
      const prefix = name === 'body' ? '' : name.slice(0, -4);
      const map = layer.maps[`${prefix}port_map`] ?? { inputs: [], outputs: [] };
      const body = new Reader(net, this.#source, this.#depth + 1);
      const model = atOnce(body.model());
      out[name] = model;
      out[`${prefix}inputs`] = this.#portRows(layer, map, net, 'inputs');
      out[`${prefix}outputs`] = this.#portRows(layer, map, net, 'outputs');
    }
    for (const key of Object.keys(out)) if (!(key in schema)) this.#fail(layer, `a ${key.replace('_', ' ')} is not expected`);
    return out;
  }

  #portRows(layer: RawLayer, map: RawPortMap, net: RawNet, side: 'inputs' | 'outputs'): readonly PortMapping[] {
    const inner = (type: string): string[] => net.layers.filter((l) => roomOf(l.type)?.name === type).map((l) => l.id);
    const own = inner(side === 'inputs' ? 'Parameter' : 'Result');
    const results = inner('Result');
    const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
    return map[side].map((row): PortMapping => {
      const id = row.external_port_id ?? '';
      const external = id === '-1' ? -1 : layer[side].findIndex((p) => p.id === id);
      const internal = own.indexOf(row.internal_layer_id ?? '');
      if ((external < 0 && id !== '-1') || internal < 0)
        this.#fail(layer, `its port map names port ${id} and inner layer ${row.internal_layer_id}, which do not exist`);
      const back = side === 'inputs' ? layer.backEdges.find((e) => e.to === row.internal_layer_id) : undefined;
      const backEdge = back ? results.indexOf(back.from) : undefined;
      if (backEdge === -1) this.#fail(layer, `a back edge comes from inner layer ${back?.from}, which is no result`);
      const optional = {
        axis: number(row.axis),
        start: number(row.start),
        end: number(row.end),
        stride: number(row.stride),
        partSize: number(row.part_size),
        backEdge,
      };
      const present = Object.fromEntries(Object.entries(optional).filter(([, v]) => v !== undefined));
      return { external, internal, ...present, ...(row.purpose && { purpose: row.purpose as NonNullable<PortMapping['purpose']> }) };
    });
  }
}

/** @file Model → IR v11 (`.xml` and `.bin`), by the rooms' attribute schemas. Only current versions are written. */
import { isText, wrongCall, wrongSignature } from '../calls.js';
import { partialShapeOf } from '../ir/fact.js';
import { Model, type RtInfo } from '../ir/model.js';
import type { Node, Value } from '../ir/node.js';
import type { AttributeSpec, PortMapping } from '../ops/attributes.js';
import { floatToHalf } from '../tensor/convert.js';
import { precisionOf } from '../tensor/element.js';
import { Literal } from '../tensor/literal.js';
import { writeFile } from '../runtime/files.js';
import { writeNames, writeStrings, writeValue } from './values.js';

export interface SaveOptions {
  /** Stores f32 constants as f16 with a Convert behind each, where every value fits. */
  readonly compressToFp16?: boolean;
}

/** A model as IR: the XML text, and the parts of the weights file in order. */
export interface WrittenIr {
  readonly xml: string;
  readonly weights: readonly Uint8Array[];
}

export function writeIr(model: Model, options: SaveOptions = {}): WrittenIr {
  const weights = new Weights();
  const lines = ['<?xml version="1.0"?>', `<net name="${escape(model.friendlyName)}" version="11">`];
  new NetWriter(model, weights, options.compressToFp16 ?? false, lines).write('\t');
  lines.push('</net>', '');
  return { xml: lines.join('\n'), weights: weights.parts };
}

/** Writes `path` (.xml) and the .bin beside it, compressing to f16 as the field's tools do unless told otherwise. */
export function saveModelSync(model: Model, path: string, compressToFp16?: boolean): void;
export function saveModelSync(...given: unknown[]): void {
  checkSave('saveModelSync', given);
  save(...given);
}
/** The same, as a promise. */
export function saveModel(model: Model, path: string, compressToFp16?: boolean): Promise<void>;
export function saveModel(...given: unknown[]): Promise<void> {
  checkSave('saveModel', given);
  return Promise.resolve().then(() => save(...given));
}

type SaveArguments = [model: Model, path: string, compressToFp16?: boolean];
function checkSave(method: string, given: readonly unknown[]): asserts given is SaveArguments {
  const [model, path, compress = true] = given;
  if (given.length < 2 || given.length > 3 || !(model instanceof Model) || !isText(path) || typeof compress !== 'boolean')
    throw wrongSignature(method, given, ['Model, string', 'Model, string, boolean']);
  if (!/[^/\\]\.xml$/i.test(path)) throw wrongCall(`Path for xml file doesn't contains file name with 'xml' extension: "${path}"`);
}
function save(model: Model, path: string, compressToFp16 = true): void {
  const { xml, weights } = writeIr(model, { compressToFp16 });
  writeFile(path.replace(/\.xml$/i, '.bin'), weights);
  writeFile(path, [new TextEncoder().encode(xml)]);
}

/** The weights file in the making; equal constants are stored once. */
class Weights {
  readonly parts: Uint8Array[] = [];
  readonly #known = new Map<string, { readonly offset: number; readonly bytes: Uint8Array }[]>();
  #length = 0;

  place(bytes: Uint8Array): number {
    const key = `${bytes.length}:${hash(bytes)}`;
    const same = this.#known.get(key)?.find((e) => e.bytes.every((b, i) => b === bytes[i]));
    if (same) return same.offset;
    const offset = this.#length;
    this.parts.push(bytes);
    this.#length += bytes.length;
    this.#known.set(key, [...(this.#known.get(key) ?? []), { offset, bytes }]);
    return offset;
  }
}

function hash(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (const b of bytes) h = Math.imul(h ^ b, 0x01000193);
  return h >>> 0;
}

const escape = (text: string): string => text.replace(/[&<>"\n\t\r]/g, (c) => `&#${c.charCodeAt(0)};`);

/** Nodes whose layout is that of a tensor, and is written there. */
const hasLayout = (node: Node): boolean => node.op.name === 'Parameter' || node.op.name === 'Result';

/** The layout of an input of the model, or of what one of its outputs returns. */
const layoutAt = (value: Value): Readonly<Record<string, string>> | undefined =>
  [value.node, ...value.users].find((n) => hasLayout(n) && n.rtInfo?.layout)?.rtInfo?.layout;

/** One net: the model, or a body. */
class NetWriter {
  readonly #model: Model;
  readonly #weights: Weights;
  readonly #compress: boolean;
  readonly #lines: string[];
  readonly #ids = new Map<Node, number>();
  /** Constants that are followed by a Convert: the Convert's id. */
  readonly #converts = new Map<Node, number>();
  #next = 0;

  constructor(model: Model, weights: Weights, compress: boolean, lines: string[]) {
    this.#model = model;
    this.#weights = weights;
    this.#compress = compress;
    this.#lines = lines;
  }

  id(node: Node): number {
    return this.#ids.get(node) as number;
  }

  write(indent: string): void {
    this.#lines.push(`${indent}<layers>`);
    for (const node of this.#model.nodes()) this.#layer(node, `${indent}\t`);
    this.#lines.push(`${indent}</layers>`, `${indent}<edges>`);
    for (const node of this.#model.nodes()) this.#edges(node, `${indent}\t`);
    this.#lines.push(`${indent}</edges>`);
    this.#rtInfo('rt_info', this.#model.rtInfo, indent);
  }

  #layer(node: Node, indent: string): void {
    const half = node.op.name === 'Constant' && this.#compress ? toHalf(node.attributes.value as Literal) : undefined;
    this.#ids.set(node, this.#next++);
    if (!half) {
      this.#plainLayer(node, indent, this.id(node), node.name, node.attributes.value as Literal);
      return;
    }
    const convert = this.#next++;
    this.#converts.set(node, convert);
    const dims = half.shape.map((d) => `${indent}\t\t\t<dim>${d}</dim>`);
    const port = (i: number, precision: string, names = ''): string[] => [
      `${indent}\t\t<port id="${i}" precision="${precision}"${names}${dims.length ? '>' : ' />'}`,
      ...dims,
      ...(dims.length ? [`${indent}\t\t</port>`] : []),
    ];
    this.#lines.push(
      `${indent}<layer id="${this.id(node)}" name="${escape(`${node.name}_compressed`)}" type="Const" version="opset1">`,
      `${indent}\t<data element_type="f16" shape="${half.shape.join(', ')}" offset="${this.#weights.place(half.bytes)}" size="${half.byteLength}" />`,
      `${indent}\t<output>`,
      ...port(0, 'FP16'),
      `${indent}\t</output>`,
      `${indent}</layer>`,
      `${indent}<layer id="${convert}" name="${escape(node.name)}" type="Convert" version="opset1">`,
      `${indent}\t<data destination_type="f32" />`,
      `${indent}\t<rt_info>`,
      `${indent}\t\t<attribute name="decompression" version="0" />`,
      `${indent}\t</rt_info>`,
      `${indent}\t<input>`,
      ...port(0, 'FP16'),
      `${indent}\t</input>`,
      `${indent}\t<output>`,
      ...port(1, 'FP32', this.#names(node.output)),
      `${indent}\t</output>`,
      `${indent}</layer>`,
    );
  }

  #plainLayer(node: Node, indent: string, id: number, name: string, literal: Literal | undefined): void {
    const { op } = node;
    const version = op.versions[op.versions.length - 1]?.opset ?? 1;
    const outputNames = op.name === 'Result' ? node.output.names : [];
    this.#lines.push(
      `${indent}<layer id="${id}" name="${escape(name)}" type="${op.xmlName}" version="${op.domain ?? `opset${version}`}"${outputNames.length > 0 ? ` output_names="${escape(writeNames(outputNames))}"` : ''}>`,
    );
    const data = op.name === 'Constant' ? this.#constantData(literal as Literal) : this.#data(node);
    if (data !== '') this.#lines.push(`${indent}\t<data${data} />`);
    this.#maps(node, `${indent}\t`);
    this.#information(
      Object.entries(node.rtInfo ?? {}).filter(([key]) => key !== 'layout' || !hasLayout(node)),
      indent,
    );
    const present = node.inputs.filter((v) => v !== undefined) as Value[];
    if (present.length > 0) this.#ports('input', present, 0, indent);
    if (op.name !== 'Result' && node.outputs.length > 0) this.#ports('output', node.outputs, present.length, indent);
    this.#bodies(node, `${indent}\t`);
    this.#lines.push(`${indent}</layer>`);
  }

  #constantData(literal: Literal): string {
    const bytes = literal.type === 'string' ? writeStrings(literal.storage as string[]) : literal.bytes;
    return ` element_type="${literal.type}" shape="${literal.shape.join(', ')}" offset="${this.#weights.place(bytes)}" size="${bytes.byteLength}"`;
  }

  #data(node: Node): string {
    return (Object.entries(node.op.schema) as [string, AttributeSpec][])
      .filter(([key, { kind }]) => node.attributes[key] !== undefined && kind !== 'body' && kind !== 'ports' && kind !== 'literal')
      .map(
        ([key, spec]) =>
          ` ${spec.xml ?? key}="${escape(spec.kind === 'shape' ? String(node.attributes[key]).replace(/^\[|\]$/g, '') : writeValue(spec, node.attributes[key]))}"`,
      )
      .join('');
  }

  #names = (value: Value): string => (value.names.length > 0 ? ` names="${escape(writeNames(value.names))}"` : '');

  #ports(side: 'input' | 'output', values: readonly Value[], first: number, indent: string): void {
    this.#lines.push(`${indent}\t<${side}>`);
    values.forEach((value, i) => {
      const dims = partialShapeOf(value.fact).dimensions?.map(([lo, hi]) => (lo === hi ? lo : -1)) ?? [];
      const open = `${indent}\t\t<port id="${first + i}" precision="${precisionOf(value.fact.type)}"${side === 'output' ? this.#names(value) : ''}`;
      const layout = side === 'output' ? layoutAt(value) : undefined;
      if (dims.length === 0 && !layout) {
        this.#lines.push(`${open} />`);
        return;
      }
      this.#lines.push(`${open}>`, ...dims.map((d) => `${indent}\t\t\t<dim>${d}</dim>`));
      if (layout) this.#information([['layout', layout]], `${indent}\t\t`);
      this.#lines.push(`${indent}\t\t</port>`);
    });
    this.#lines.push(`${indent}\t</${side}>`);
  }

  /** `rt_info` of a layer or port, when there is any. */
  #information(entries: readonly (readonly [string, Readonly<Record<string, string>>])[], indent: string): void {
    if (entries.length === 0) return;
    const attribute = ([key, fields]: readonly [string, Readonly<Record<string, string>>]): string =>
      `${indent}\t\t<attribute name="${escape(key)}"${Object.entries(fields)
        .map(([k, v]) => ` ${k}="${escape(v)}"`)
        .join('')} />`;
    this.#lines.push(`${indent}\t<rt_info>`, ...entries.map(attribute), `${indent}\t</rt_info>`);
  }

  #inner = new Map<string, NetWriter>();

  #maps(node: Node, indent: string): void {
    for (const [key, spec] of Object.entries(node.op.schema) as [string, AttributeSpec][]) {
      if (spec.kind !== 'body') continue;
      const prefix = key === 'body' ? '' : key.slice(0, -4);
      const model = node.attributes[key] as Model;
      // Ids of a body's layers follow from its order alone, so the map can be written before the body.
      const writer = new NetWriter(model, this.#weights, false, []);
      model.nodes().forEach((n, i) => writer.#ids.set(n, i));
      this.#inner.set(key, writer);
      const rows = (side: 'inputs' | 'outputs'): string[] =>
        (node.attributes[`${prefix}${side}`] as readonly PortMapping[]).map((row) => this.#mapRow(node, writer, model, side, row, indent));
      this.#lines.push(`${indent}<${prefix}port_map>`, ...rows('inputs'), ...rows('outputs'), `${indent}</${prefix}port_map>`);
      const back = (node.attributes[`${prefix}inputs`] as readonly PortMapping[]).filter((r) => r.backEdge !== undefined);
      if (back.length === 0) continue;
      this.#lines.push(
        `${indent}<back_edges>`,
        ...back.map(
          (r) =>
            `${indent}\t<edge from-layer="${writer.id(model.results[r.backEdge as number] as Node)}" to-layer="${writer.id(model.parameters[r.internal] as Node)}" />`,
        ),
        `${indent}</back_edges>`,
      );
    }
  }

  #mapRow(node: Node, writer: NetWriter, model: Model, side: 'inputs' | 'outputs', row: PortMapping, indent: string): string {
    const inner = (side === 'inputs' ? model.parameters : model.results)[row.internal] as Node;
    const external = row.external < 0 ? -1 : side === 'inputs' ? row.external : row.external + node.inputs.length;
    const optional = { axis: row.axis, start: row.start, end: row.end, stride: row.stride, part_size: row.partSize, purpose: row.purpose };
    const fields = Object.entries(optional)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => ` ${k}="${v}"`)
      .join('');
    return `${indent}\t<${side.slice(0, -1)} external_port_id="${external}" internal_layer_id="${writer.id(inner)}"${fields} />`;
  }

  #bodies(node: Node, indent: string): void {
    for (const [key, writer] of this.#inner) {
      this.#lines.push(`${indent}<${key}>`);
      const nested = new NetWriter(node.attributes[key] as Model, this.#weights, false, this.#lines);
      nested.write(`${indent}\t`);
      this.#lines.push(`${indent}</${key}>`);
      void writer;
    }
    this.#inner.clear();
  }

  #edges(node: Node, indent: string): void {
    const convert = this.#converts.get(node);
    if (convert !== undefined)
      this.#lines.push(`${indent}<edge from-layer="${this.id(node)}" from-port="0" to-layer="${convert}" to-port="0" />`);
    (node.inputs.filter((v) => v !== undefined) as Value[]).forEach((value, i) => {
      const compressed = this.#converts.get(value.node);
      const port = compressed === undefined ? value.node.inputs.filter((v) => v !== undefined).length + value.index : 1;
      this.#lines.push(
        `${indent}<edge from-layer="${compressed ?? this.id(value.node)}" from-port="${port}" to-layer="${this.id(node)}" to-port="${i}" />`,
      );
    });
  }

  #rtInfo(name: string, info: RtInfo, indent: string): void {
    const entries = Object.entries(info);
    if (entries.length === 0) {
      this.#lines.push(`${indent}<${name} />`);
      return;
    }
    this.#lines.push(`${indent}<${name}>`);
    for (const [key, value] of entries) {
      if (typeof value === 'string') this.#lines.push(`${indent}\t<${key} value="${escape(value)}" />`);
      else this.#rtInfo(key, value, `${indent}\t`);
    }
    this.#lines.push(`${indent}</${name}>`);
  }
}

/** The constant as f16, when it is f32 and every value lies within f16's range (values too small become zero, as in the field's tools). */
function toHalf(literal: Literal): Literal | undefined {
  if (literal.type !== 'f32' || literal.size === 0) return undefined;
  const values = literal.storage as Float32Array;
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    if (Math.abs(v) > 65504 && Number.isFinite(v)) return undefined;
    out[i] = floatToHalf(v);
  }
  return Literal.of('f16', literal.shape, out);
}

/** @file IR XML → plain structures, streaming, with limits. Nothing here knows an operation. */
import { SaxesParser } from 'saxes';
import type { Steps } from '../runtime/steps.js';
import { CuveeError } from '../errors.js';
import type { RtInfo } from '../ir/model.js';

export interface RawPort {
  readonly id: string;
  readonly names: string;
  /** Run-time information of a tensor: where OpenVINO keeps layouts. */
  rtInfo?: Record<string, Record<string, string>>;
}
export interface RawPortMap {
  readonly inputs: Readonly<Record<string, string>>[];
  readonly outputs: Readonly<Record<string, string>>[];
}
export interface RawLayer {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly outputNames: string | undefined;
  data: Readonly<Record<string, string>>;
  readonly inputs: RawPort[];
  readonly outputs: RawPort[];
  /** `port_map`, `then_port_map`, `else_port_map`. */
  readonly maps: Record<string, RawPortMap>;
  readonly backEdges: { readonly from: string; readonly to: string }[];
  /** `body`, `then_body`, `else_body`. */
  readonly bodies: Record<string, RawNet>;
  readonly rtInfo: Record<string, Record<string, string>>;
}
export interface RawEdge {
  readonly from: string;
  readonly fromPort: string;
  readonly to: string;
  readonly toPort: string;
}
export interface RawNet {
  readonly name: string;
  readonly version: string;
  readonly layers: RawLayer[];
  readonly edges: RawEdge[];
  readonly rtInfo: RtInfo;
}

const deepest = 64;
const longestAttribute = 1 << 24;
const mostLayers = 1e7;

type Frame =
  | { readonly kind: 'net'; readonly net: RawNet }
  | { readonly kind: 'layer'; readonly layer: RawLayer }
  | { readonly kind: 'ports'; readonly layer: RawLayer; readonly side: 'inputs' | 'outputs' }
  | { readonly kind: 'port'; readonly port: RawPort }
  | { readonly kind: 'portInfo'; readonly port: RawPort }
  | { readonly kind: 'map'; readonly map: RawPortMap }
  | { readonly kind: 'backEdges'; readonly layer: RawLayer }
  | { readonly kind: 'layerInfo'; readonly layer: RawLayer }
  | { readonly kind: 'info'; readonly info: Record<string, string | RtInfo> }
  | { readonly kind: 'other' };

/** Characters parsed in one step: 2 ms at the slowest. */
const chunk = 1 << 15;

/** Parses a document in steps. Throws MODEL_INVALID with line and column. */
export function* parsingXml(text: string): Steps<RawNet> {
  const parser = new SaxesParser({ position: true });
  const frames: Frame[] = [];
  let root: RawNet | undefined;
  let layers = 0;
  const fail = (message: string): never => {
    throw new CuveeError('MODEL_INVALID', `IR XML, line ${parser.line}, column ${parser.column}: ${message}`);
  };
  parser.on('error', (error) => fail(error.message.replace(/^\d+:\d+: /, '')));
  parser.on('doctype', () => fail('a document type declaration is not allowed'));
  parser.on('opentag', (tag) => {
    const { name } = tag;
    const attributes = tag.attributes as Record<string, string>;
    if (frames.length >= deepest) fail(`more than ${deepest} levels`);
    for (const [key, value] of Object.entries(attributes)) if (value.length > longestAttribute) fail(`attribute "${key}" is too long`);
    if (name === 'layer' && ++layers > mostLayers) fail('too many layers');
    if (frames.length === 0 && name !== 'net') fail(`the root element is <${name}>, <net> is expected`);
    const frame = open(frames[frames.length - 1], name, attributes);
    if (frame.kind === 'net' && !root) root = frame.net;
    frames.push(frame);
  });
  parser.on('closetag', () => void frames.pop());
  try {
    for (let at = 0; at < text.length; at += chunk) {
      parser.write(text.slice(at, at + chunk));
      yield;
    }
    parser.close();
  } catch (error) {
    throw error instanceof CuveeError ? error : CuveeError.wrap('IR XML', error, 'MODEL_INVALID');
  }
  return root ?? fail('there is no <net>');
}

const emptyNet = (attributes: Readonly<Record<string, string>>): RawNet => ({
  name: attributes.name ?? '',
  version: attributes.version ?? '',
  layers: [],
  edges: [],
  rtInfo: record(),
});
const record = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

const fieldsOf = (a: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(a).filter(([key]) => key !== 'name'));

function open(parent: Frame | undefined, name: string, a: Readonly<Record<string, string>>): Frame {
  if (!parent) return { kind: 'net', net: emptyNet(a) };
  switch (parent.kind) {
    case 'net':
      if (name === 'layers' || name === 'edges') return parent;
      if (name === 'layer') return { kind: 'layer', layer: addLayer(parent.net, a) };
      if (name === 'edge')
        parent.net.edges.push({
          from: a['from-layer'] ?? '',
          fromPort: a['from-port'] ?? '',
          to: a['to-layer'] ?? '',
          toPort: a['to-port'] ?? '',
        });
      if (name === 'rt_info') return { kind: 'info', info: parent.net.rtInfo as Record<string, string | RtInfo> };
      return { kind: 'other' };
    case 'layer':
      if (name === 'data') parent.layer.data = { ...a };
      if (name === 'input' || name === 'output') return { kind: 'ports', layer: parent.layer, side: `${name}s` };
      if (name === 'rt_info') return { kind: 'layerInfo', layer: parent.layer };
      if (name === 'back_edges') return { kind: 'backEdges', layer: parent.layer };
      if (name.endsWith('port_map')) return { kind: 'map', map: (parent.layer.maps[name] = { inputs: [], outputs: [] }) };
      if (name === 'body' || name.endsWith('_body'))
        return { kind: 'net', net: (parent.layer.bodies[name] = emptyNet({ name: parent.layer.name })) };
      return { kind: 'other' };
    case 'ports':
      if (name === 'port') {
        const port: RawPort = { id: a.id ?? '', names: a.names ?? '' };
        parent.layer[parent.side].push(port);
        return { kind: 'port', port };
      }
      return { kind: 'other' };
    case 'port':
      return name === 'rt_info' ? { kind: 'portInfo', port: parent.port } : { kind: 'other' };
    case 'portInfo':
      if (name === 'attribute' && a.name) (parent.port.rtInfo ??= record())[a.name] = fieldsOf(a);
      return { kind: 'other' };
    case 'map':
      if (name === 'input') parent.map.inputs.push({ ...a });
      if (name === 'output') parent.map.outputs.push({ ...a });
      return { kind: 'other' };
    case 'backEdges':
      if (name === 'edge') parent.layer.backEdges.push({ from: a['from-layer'] ?? '', to: a['to-layer'] ?? '' });
      return { kind: 'other' };
    case 'layerInfo':
      if (name === 'attribute' && a.name) parent.layer.rtInfo[a.name] = fieldsOf(a);
      return { kind: 'other' };
    case 'info': {
      if (a.value !== undefined) {
        parent.info[name] = a.value;
        return { kind: 'other' };
      }
      const inner = record<string | RtInfo>();
      parent.info[name] = inner;
      return { kind: 'info', info: inner };
    }
    case 'other':
      return parent;
  }
}

function addLayer(net: RawNet, a: Readonly<Record<string, string>>): RawLayer {
  const layer: RawLayer = {
    id: a.id ?? '',
    name: a.name ?? '',
    type: a.type ?? '',
    version: a.version ?? '',
    outputNames: a.output_names,
    data: {},
    inputs: [],
    outputs: [],
    maps: record(),
    backEdges: [],
    bodies: record(),
    rtInfo: record(),
  };
  net.layers.push(layer);
  return layer;
}

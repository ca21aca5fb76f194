/** @file A model as a picture: SVG for people, DOT for Graphviz. Constants are drawn inside the box that uses them. */
import type { Model, Node, Value } from '@cuvee/core';
import { figures } from './flops.js';
import { layout, type Place } from './graph-layout.js';
import { bytes, quantity } from './output.js';

/** Text that stands in XML. */
export const escapeXml = (s: string): string => s.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** What follows from constants alone: no box of its own. */
function constants(nodes: readonly Node[]): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const n of nodes) {
    const inputs = n.inputs.filter((v): v is Value => v !== undefined);
    const folds = inputs.length > 0 && !n.op.traits.impure && inputs.every((v) => found.has(v.node));
    if (n.op.name === 'Constant' || (folds && n.op.name !== 'Result')) found.add(n);
  }
  return found;
}

interface Graph {
  readonly nodes: readonly Node[];
  readonly hidden: ReadonlySet<Node>;
  /** Numbers of nodes, and the value on the wire; sorted by target. */
  readonly edges: readonly (readonly [from: number, to: number, value: Value])[];
}

function graphOf(model: Model): Graph {
  const all = model.nodes();
  const hidden = constants(all);
  const nodes = all.filter((n) => !hidden.has(n));
  const numbers = new Map(nodes.map((n, i) => [n, i]));
  const edges = nodes.flatMap((n, to) =>
    n.inputs.flatMap((v): (readonly [number, number, Value])[] => {
      const from = v && numbers.get(v.node);
      return from === undefined ? [] : [[from, to, v as Value]];
    }),
  );
  return { nodes, hidden, edges };
}

/** The graph for Graphviz. */
export function dot(model: Model): string {
  const { nodes, edges } = graphOf(model);
  const boxes = nodes.map((n, i) => `  n${i} [label=${JSON.stringify(`${n.op.name}\n${n.name}`)}];`);
  const wires = edges.map(([from, to, v]) => `  n${from} -> n${to} [label=${JSON.stringify(v.partialShape.toString())}];`);
  return `digraph ${JSON.stringify(model.name)} {\n  rankdir=TB; node [shape=box, style=rounded, fontname=Helvetica];\n${[...boxes, ...wires].join('\n')}\n}\n`;
}

/** Kinds of boxes: what an operation does with memory and arithmetic, by its traits. */
const kinds = {
  port: 'input or output',
  heavy: 'matrix arithmetic',
  elementwise: 'element by element',
  mixes: 'along axes',
  moves: 'moves data',
  control: 'control flow, state',
  other: 'other',
} as const;
type Kind = keyof typeof kinds;

function kindOf({ op, attributes, inputs, outputs }: Node): Kind {
  const { traits } = op;
  if (op.name === 'Result' || (inputs.length === 0 && outputs.length > 0 && op.name === 'Parameter')) return 'port';
  if (traits.control || traits.impure) return 'control';
  if (traits.flops) return 'heavy';
  if (traits.elementwise) return 'elementwise';
  if (typeof traits.moves === 'function' ? traits.moves(attributes) : traits.moves) return 'moves';
  return traits.mixes ? 'mixes' : 'other';
}

/** `1×3×?×32..`; empty for a scalar. */
const shapeText = (value: Value): string =>
  value.partialShape
    .toString()
    .replace(/^\[|\]$/g, '')
    .replaceAll(',', '×');
/** Numbers with four digits that matter. */
const rounded = (value: unknown): string => (typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value));
const short = (text: string, length: number): string => ([...text].length > length ? `${[...text].slice(0, length - 1).join('')}…` : text);

/** Attributes that are not what they are by default. */
function attributesOf({ op, attributes }: Node): [name: string, text: string][] {
  return Object.entries(op.schema).flatMap(([name, spec]): [string, string][] => {
    const value = attributes[name];
    const simple =
      ['number', 'string', 'boolean'].includes(typeof value) || (Array.isArray(value) && value.every((v) => typeof v !== 'object'));
    if (!simple || JSON.stringify(value) === JSON.stringify(spec.default)) return [];
    const usual = Array.isArray(value) && (value.every((v) => v === 0) || value.every((v) => v === 1));
    return usual ? [] : [[name, Array.isArray(value) ? value.map(rounded).join(',') : rounded(value)]];
  });
}

interface Box {
  readonly title: string;
  readonly lines: readonly string[];
  readonly tip: string;
  readonly width: number;
  readonly kind: Kind;
}

/** A constant input in words: its values when it is a few numbers, else its shape. */
function constantText(value: Value): string {
  const literal = value.fact.value;
  const few = literal && value.node.op.name === 'Constant' && literal.type !== 'string' && (literal.size === 1 || literal.shape.length < 2);
  if (literal && few && literal.size <= 4) {
    const numbers = Array.from(literal.nd().data as ArrayLike<number | bigint>, (v) => rounded(Number(v)));
    return numbers.length === 1 ? (numbers[0] as string) : `(${numbers.join(', ')})`;
  }
  return value.fact.shape?.length === 0 ? '' : shapeText(value);
}

function boxOf(node: Node, hidden: ReadonlySet<Node>): Box {
  const value = node.outputs[0] ?? node.inputs[0];
  const kind = kindOf(node);
  const attributes = attributesOf(node);
  const title = kind === 'port' ? value?.anyName || node.name : node.op.name;
  const weights = node.inputs.flatMap((v) => (v && hidden.has(v.node) ? [constantText(v)] : [])).filter(Boolean);
  const facts = [
    ...(weights.length > 0 ? [`by ${weights.slice(0, 2).join(', ')}`] : []),
    ...attributes.slice(0, weights.length > 0 ? 1 : 2).map(([name, text]) => `${name} ${text}`),
  ];
  const first = kind === 'port' ? (node.op.name === 'Result' ? 'output' : 'input') : facts.join(' · ');
  const type = value ? `${value.elementType} ${value.fact.shape ? shapeText(value) || 'scalar' : 'of any shape'}` : '';
  const lines = [first, type].filter(Boolean).map((said) => short(said, 40));
  const tip = [node.name, ...attributes.map(([name, text]) => `${name}: ${text}`)].join('\n');
  const width = Math.max(...[...lines.map((said) => [...said].length * 6.5), Math.min(34, [...title].length) * 8.4]) + 40;
  return { title: short(title, 34), lines, tip, width: Math.max(124, Math.ceil(width)), kind };
}

/** A smooth wire through its places. */
function wire(places: readonly Place[]): string {
  const [first, ...rest] = places as [Place, ...Place[]];
  let [d, at] = [`M${first.x} ${first.y}`, first];
  for (const next of rest) {
    const bend = (next.y - at.y) / 2;
    d += next.x === at.x ? `V${next.y}` : `C${at.x} ${at.y + bend} ${next.x} ${next.y - bend} ${next.x} ${next.y}`;
    at = next;
  }
  return d;
}

const style = `
svg{--paper:#fbfaf8;--ink:#1d2230;--soft:#626b7f;--line:#a9afbd;--port:#8b2942;--heavy:#2f6fb7;--elementwise:#3f8f5f;--mixes:#b7791f;--moves:#7a6fb0;--control:#b0477a;--other:#6b7280;--card:#fff;background:var(--paper)}
@media(prefers-color-scheme:dark){svg{--paper:#16181d;--ink:#eceae6;--soft:#a3a9b8;--line:#596072;--port:#e58fa5;--heavy:#6ba6e8;--elementwise:#6fc391;--mixes:#e0ab57;--moves:#a79be0;--control:#e283b1;--other:#9aa1b0;--card:#21242c}}
text{font:11.5px system-ui,"Segoe UI",sans-serif;fill:var(--soft)}
.name{font-size:20px;font-weight:650;fill:var(--ink)}
.op{font-size:13.5px;font-weight:650;fill:var(--ink)}
.box text{text-anchor:middle}
.box rect{fill:var(--card);stroke:var(--kind);stroke-width:1.4}
.box path{fill:var(--kind)}
.box.port rect{fill:var(--kind)}
.box.port text{fill:var(--paper)}
.wire{fill:none;stroke:var(--line);stroke-width:1.5}
#tip path{fill:var(--line)}
${Object.keys(kinds)
  .map((kind) => `.${kind}{--kind:var(--${kind})}`)
  .join('')}`;

const boxHeight = 58;
const header = 84;

/** The graph from top to bottom, as one SVG file that follows the viewer's light or dark colours. Hovering a box names its node. */
export function svg(model: Model, title = model.friendlyName): string {
  const { nodes, hidden, edges } = graphOf(model);
  const boxes = nodes.map((n) => boxOf(n, hidden));
  const placed = layout(
    boxes.map((b) => b.width),
    edges.map(([from, to]) => [from, to] as const),
    { height: boxHeight, gapX: 26, gapY: 32, margin: 28 },
  );
  const f = figures(model);
  const said = `${nodes.length} operations, ${quantity(f.parameters)} parameters, ${bytes(f.bytes)}${f.flops === undefined ? '' : `, ${quantity(f.flops)}FLOP an inference`}`;
  const present = (Object.keys(kinds) as Kind[]).filter((kind) => boxes.some((b) => b.kind === kind));
  let legendX = 28;
  const legend = present.map((kind) => {
    const at = legendX;
    legendX += 38 + kinds[kind].length * 6.2;
    return `<g class="${kind}"><circle cx="${at + 5}" cy="70" r="5" style="fill:var(--kind)"/><text x="${at + 15}" y="74">${kinds[kind]}</text></g>`;
  });
  const width = Math.max(placed.width, legendX + 20, [...title].length * 12 + 56, said.length * 6.4 + 56);
  const shift = (width - placed.width) / 2;
  const height = placed.height + header;
  const wires = placed.wires.map((places) => `<path class="wire" marker-end="url(#tip)" d="${wire(places)}"/>`);
  const drawn = boxes.map(({ title: op, lines, tip, width: w, kind }, i) => {
    const { x, y } = placed.boxes[i] as Place;
    const strip = kind === 'port' ? '' : `<path d="M0 10a10 10 0 0 1 10-10v${boxHeight}a10 10 0 0 1-10-10z"/>`;
    const middle = (w + (kind === 'port' ? 0 : 10)) / 2;
    const top = lines.length > 1 ? 19 : 26;
    const said = lines.map((line, at) => `<text x="${middle}" y="${top + 16 * (at + 1)}">${escapeXml(line)}</text>`);
    return `<g class="box ${kind}" transform="translate(${x - w / 2} ${y})"><title>${escapeXml(tip)}</title><rect width="${w}" height="${boxHeight}" rx="${kind === 'port' ? 20 : 10}"/>${strip}<text class="op" x="${middle}" y="${top}">${escapeXml(op)}</text>${said.join('')}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"><title>${escapeXml(title)}</title><style>${style}</style><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs><text class="name" x="28" y="34">${escapeXml(title)}</text><text x="28" y="53">${escapeXml(said)}</text>${legend.join('')}<g transform="translate(${shift} ${header})">${wires.join('')}${drawn.join('')}</g></svg>\n`;
}

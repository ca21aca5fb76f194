/** @file Pictures: a model as a graph (DOT, SVG), latencies as a histogram. */
import type { Model, Node } from '@cuvee/core';

const escape = (s: string): string => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const shown = (model: Model): readonly Node[] => model.nodes().filter((n) => n.op.name !== 'Constant');

export function dot(model: Model): string {
  const id = new Map(shown(model).map((n, i) => [n, `n${i}`]));
  const nodes = [...id].map(([n, k]) => `  ${k} [label=${JSON.stringify(`${n.op.name}\n${n.name}`)}];`);
  const edges = [...id].flatMap(([n, k]) =>
    n.inputs.flatMap((v) =>
      v && id.has(v.node) ? [`  ${id.get(v.node)} -> ${k} [label=${JSON.stringify(v.partialShape.toString())}];`] : [],
    ),
  );
  return `digraph ${JSON.stringify(model.name)} {\n  rankdir=TB; node [shape=box, style=rounded, fontname=Helvetica];\n${[...nodes, ...edges].join('\n')}\n}\n`;
}

/** A colour for each kind of operation: the same name gives the same hue. */
const hue = (name: string): number => [...name].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 360, 7);

/** Layers from top to bottom by distance from the inputs; wires as curves. Opens in any browser. */
export function svg(model: Model): string {
  const nodes = shown(model);
  const depth = new Map<Node, number>();
  for (const n of nodes)
    depth.set(n, Math.max(0, ...n.inputs.flatMap((v) => (v && depth.has(v.node) ? [(depth.get(v.node) as number) + 1] : []))));
  const rows: Node[][] = [];
  for (const n of nodes) (rows[depth.get(n) as number] ??= []).push(n);
  const [w, h, gapX, gapY] = [190, 40, 24, 34];
  const widest = Math.max(...rows.map((r) => r.length));
  const width = widest * (w + gapX) + gapX;
  const at = new Map<Node, readonly [number, number]>();
  rows.forEach((row, y) => row.forEach((n, x) => at.set(n, [width / 2 + (x - (row.length - 1) / 2) * (w + gapX), gapY + y * (h + gapY)])));
  const wires = nodes.flatMap((n) =>
    n.inputs.flatMap((v) => {
      const from = v && at.get(v.node);
      const to = at.get(n) as readonly [number, number];
      if (!from) return [];
      const [x0, y0, x1, y1] = [from[0], from[1] + h, to[0], to[1]];
      return [`<path d="M${x0} ${y0}C${x0} ${y0 + gapY} ${x1} ${y1 - gapY} ${x1} ${y1}"/>`];
    }),
  );
  const boxes = nodes.map((n) => {
    const [x, y] = at.get(n) as readonly [number, number];
    const text = n.outputs[0] && n.op.name !== 'Result' ? n.outputs[0].partialShape.toString() : n.name;
    return `<g transform="translate(${x - w / 2} ${y})"><title>${escape(n.name)}</title><rect width="${w}" height="${h}" rx="8" fill="hsl(${hue(n.op.name)} 65% 90%)" stroke="hsl(${hue(n.op.name)} 45% 55%)"/><text x="${w / 2}" y="17" class="o">${escape(n.op.name)}</text><text x="${w / 2}" y="32">${escape(text.slice(0, 30))}</text></g>`;
  });
  const height = rows.length * (h + gapY) + gapY;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><style>text{font:11px system-ui,sans-serif;text-anchor:middle;fill:#444}.o{font-weight:600;font-size:13px;fill:#111}path{fill:none;stroke:#9aa;stroke-width:1.3}</style><rect width="100%" height="100%" fill="#fff"/>${wires.join('')}${boxes.join('')}</svg>\n`;
}

/** Milliseconds as a histogram with median and 95th percentile marked. */
export function histogram(title: string, ms: readonly number[]): string {
  const sorted = [...ms].sort((a, b) => a - b);
  const lo = sorted[0] ?? 0;
  const hi = sorted[Math.floor((sorted.length - 1) * 0.99)] ?? 1;
  const bins = Math.min(40, Math.max(8, Math.ceil(Math.sqrt(ms.length))));
  const size = (hi - lo || 1) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const v of ms) counts[Math.min(bins - 1, Math.max(0, Math.floor((v - lo) / size)))]! += 1;
  const top = Math.max(...counts);
  const [w, h, left, bottom] = [640, 300, 50, 50];
  const x = (v: number): number => left + ((v - lo) / (hi - lo || 1)) * (w - left - 20);
  const bars = counts.map(
    (c, i) =>
      `<rect x="${(x(lo + i * size) + 1).toFixed(1)}" y="${(h - bottom - (c / top) * (h - bottom - 50)).toFixed(1)}" width="${((w - left - 20) / bins - 2).toFixed(1)}" height="${((c / top) * (h - bottom - 50)).toFixed(1)}" rx="2"/>`,
  );
  const mark = (p: number, label: string): string => {
    const v = sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? 0;
    return `<line x1="${x(v)}" x2="${x(v)}" y1="34" y2="${h - bottom}"/><text x="${x(v) + 4}" y="44">${label} ${v.toFixed(2)} ms</text>`;
  };
  const ticks = Array.from({ length: 6 }, (_, i) => lo + ((hi - lo) * i) / 5).map(
    (v) => `<text x="${x(v)}" y="${h - bottom + 18}" class="c">${v.toFixed(2)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}"><style>text{font:12px system-ui,sans-serif;fill:#333}.t{font-weight:600;font-size:15px}.c{text-anchor:middle}rect{fill:#3b7dd8}line{stroke:#c2410c;stroke-dasharray:4 3}@media(prefers-color-scheme:dark){svg{background:#16181d}text{fill:#ddd}}</style><text x="${left}" y="22" class="t">${escape(title)}</text>${bars.join('')}${mark(50, 'median')}${mark(95, '95 %')}${ticks.join('')}<text x="${w / 2}" y="${h - 8}" class="c">milliseconds, ${ms.length} inferences</text></svg>\n`;
}

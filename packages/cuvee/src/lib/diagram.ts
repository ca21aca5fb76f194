/** @file What a device decided, as a picture: boxes with one colour for each device, wires with what they carry. */
import type { Diagram } from '@cuvee/core';
import { escapeXml } from './draw.js';
import { layout, type Place } from './graph-layout.js';

const colors = ['#2f6fb7', '#3f8f5f', '#b7791f', '#7a6fb0', '#b0477a', '#2b8a8a'] as const;
const height = 64;
const header = 72;

const cut = (text: string, length: number): string => ([...text].length > length ? `${[...text].slice(0, length - 1).join('')}…` : text);

/** One SVG file that follows the viewer's light or dark colours. Hovering a box says more. */
export function drawing({ boxes, wires }: Diagram, title: string): string {
  const groups = [...new Set(boxes.map((b) => b.group).filter(Boolean))];
  const shown = boxes.map((b) => ({ ...b, title: cut(b.title, 40), lines: b.lines.map((line) => cut(line, 52)).slice(0, 2) }));
  const widths = shown.map((b) => Math.max(110, b.title.length * 8.2 + 32, ...b.lines.map((line) => line.length * 6.3 + 32)));
  const sorted = wires.toSorted((a, b) => a.to - b.to);
  const placed = layout(
    widths,
    sorted.map(({ from, to }) => [from, to] as const),
    { height, gapX: 70, gapY: 54, margin: 28 },
  );
  const width = Math.max(placed.width, title.length * 11 + 56, 240);
  const shift = (width - placed.width) / 2;
  const paths = sorted.map(({ label }, i) => {
    const places = placed.wires[i] as readonly Place[];
    const [first, ...rest] = places as [Place, ...Place[]];
    let [d, at] = [`M${first.x} ${first.y}`, first];
    for (const next of rest) {
      const bend = (next.y - at.y) / 2;
      d += `C${at.x} ${at.y + bend} ${next.x} ${next.y - bend} ${next.x} ${next.y}`;
      at = next;
    }
    const [a, b] = [places.at(-2) as Place, places.at(-1) as Place];
    const said = `<text class="said" x="${(a.x + b.x) / 2 + 6}" y="${(a.y + b.y) / 2 + 4}">${escapeXml(cut(label, 40))}</text>`;
    return `<path class="wire" marker-end="url(#tip)" d="${d}"/>${label ? said : ''}`;
  });
  const drawn = shown.map(({ title: name, lines, group, tip }, i) => {
    const { x, y } = placed.boxes[i] as Place;
    const w = widths[i] as number;
    const color = colors[groups.indexOf(group) % colors.length] ?? 'var(--line)';
    const top = lines.length === 0 ? 37 : lines.length === 1 ? 28 : 22;
    const said = lines.map((line, k) => `<text x="${w / 2}" y="${top + 17 * (k + 1)}">${escapeXml(line)}</text>`);
    return `<g class="box" transform="translate(${x - w / 2} ${y})"><title>${escapeXml(tip ?? name)}</title><rect width="${w}" height="${height}" rx="10" style="stroke:${color}"/><text class="op" x="${w / 2}" y="${top}">${escapeXml(name)}</text>${said.join('')}</g>`;
  });
  let at = 28;
  const legend = groups.map((group, i) => {
    const x = at;
    at += 40 + group.length * 7;
    return `<circle cx="${x + 5}" cy="54" r="5" fill="${colors[i % colors.length]}"/><text x="${x + 15}" y="58">${escapeXml(group)}</text>`;
  });
  const style = `svg{--paper:#fbfaf8;--ink:#1d2230;--soft:#626b7f;--line:#a9afbd;--card:#fff;background:var(--paper)}@media(prefers-color-scheme:dark){svg{--paper:#16181d;--ink:#eceae6;--soft:#a3a9b8;--line:#596072;--card:#21242c}}text{font:11.5px system-ui,"Segoe UI",sans-serif;fill:var(--soft)}.name{font-size:19px;font-weight:650;fill:var(--ink)}.op{font-size:13.5px;font-weight:650;fill:var(--ink)}.box text{text-anchor:middle}.box rect{fill:var(--card);stroke-width:1.6}.wire{fill:none;stroke:var(--line);stroke-width:1.5}.said{paint-order:stroke;stroke:var(--paper);stroke-width:4px}#tip path{fill:var(--line)}`;
  const whole = placed.height + header;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${whole}" width="${width}" height="${whole}" role="img"><title>${escapeXml(title)}</title><style>${style}</style><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs><text class="name" x="28" y="34">${escapeXml(title)}</text>${legend.join('')}<g transform="translate(${shift} ${header})">${paths.join('')}${drawn.join('')}</g></svg>\n`;
}

/** @file Latencies as pictures: an SVG with a histogram and the course over time, and a line of blocks for terminals. */
import { escapeXml } from './draw.js';
import { percentile } from './output.js';

/** Counts of `values` in `bins` bins of equal width from `lo` to `hi`; what lies beyond `hi` counts in the last. */
export function binned(values: readonly number[], lo: number, hi: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  const size = (hi - lo) / bins || 1;
  for (const v of values) counts[Math.min(bins - 1, Math.max(0, Math.floor((v - lo) / size)))]! += 1;
  return counts;
}

/** Where the axis ends: at the 99th percentile, or sooner, so that a few hiccups do not squeeze all others into one bin. */
export function axisEnd(sorted: readonly number[]): number {
  const [quarter, threeQuarters, late] = [25, 75, 99].map((p) => percentile(sorted, p)) as [number, number, number];
  return Math.max((sorted[0] ?? 0) + 1e-3, Math.min(late, threeQuarters + 4 * (threeQuarters - quarter)));
}

/** `▁▂▅█▃▁`: one block for each bin of the axis; what lies beyond counts in the last. */
export function sparkline(ms: readonly number[], bins = 32): string {
  const sorted = [...ms].sort((a, b) => a - b);
  const counts = binned(ms, sorted[0] ?? 0, axisEnd(sorted), bins);
  const top = Math.max(1, ...counts);
  return counts.map((c) => (c === 0 ? ' ' : '▁▂▃▄▅▆▇█'.charAt(Math.min(7, Math.floor((8 * c) / top))))).join('');
}

/** Round numbers that cut [lo, hi] into about `count` parts: 1, 2 or 5 times a power of ten apart. */
export function ticks(lo: number, hi: number, count: number): number[] {
  const raw = (hi - lo) / count;
  if (!(raw > 0)) return [lo];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((k) => k * power >= raw) ?? 10);
  const first = Math.ceil(lo / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(hi / step + 1e-9) - first + 1) }, (_, i) => (first + i) * step);
}

/** Enough digits to tell neighbouring ticks apart, and no more. */
const tickText = (value: number, step: number): string => value.toFixed(Math.max(0, Math.min(4, -Math.floor(Math.log10(step || 1)))));

/** What the picture says beside the latencies. */
export interface ChartFacts {
  readonly title: string;
  readonly subtitle: string;
  /** Inferences a second. */
  readonly throughput: number;
}

const [width, height, left, right] = [760, 520, 56, 24];
const style = `svg{--paper:#fbfaf8;--card:#fff;--ink:#1d2230;--soft:#626b7f;--grid:#e6e2dc;--bar:#8b2942;--dot:#2f6fb7;--mark:#b7791f;background:var(--paper)}
@media(prefers-color-scheme:dark){svg{--paper:#16181d;--card:#21242c;--ink:#eceae6;--soft:#a3a9b8;--grid:#343844;--bar:#e58fa5;--dot:#6ba6e8;--mark:#e0ab57}}
text{font:12px system-ui,"Segoe UI",sans-serif;fill:var(--soft)}.name{font-size:20px;font-weight:650;fill:var(--ink)}.big{font-size:22px;font-weight:650;fill:var(--ink)}
.middle{text-anchor:middle}.end{text-anchor:end}.bars rect{fill:var(--bar)}.dots circle{fill:var(--dot);fill-opacity:.55}
.grid{stroke:var(--grid)}.mark{stroke:var(--mark);stroke-width:1.6;stroke-dasharray:5 4}.marked{fill:var(--mark);font-weight:600}.card{fill:var(--card);stroke:var(--grid)}`;

const text = (x: number, y: number, said: string, kind = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${kind ? ` class="${kind}"` : ''}>${escapeXml(said)}</text>`;

/** Latencies in milliseconds, in the order in which they were measured. */
export function latencyChart(ms: readonly number[], { title, subtitle, throughput }: ChartFacts): string {
  const sorted = [...ms].sort((a, b) => a - b);
  const [median, p95, p99] = [percentile(sorted, 50), percentile(sorted, 95), percentile(sorted, 99)];
  const lo = sorted[0] ?? 0;
  const hi = axisEnd(sorted);
  const beyond = sorted.filter((v) => v > hi).length;

  const cards = (
    [
      ['median', `${median.toFixed(2)} ms`],
      ['95 % below', `${p95.toFixed(2)} ms`],
      ['99 % below', `${p99.toFixed(2)} ms`],
      ['throughput', `${throughput.toFixed(1)} /s`],
    ] as const
  ).map(([name, value], i) => {
    const w = (width - left - right - 36) / 4;
    const x = left + i * (w + 12);
    return `<rect class="card" x="${x}" y="70" width="${w}" height="58" rx="10"/>${text(x + 14, 92, name)}${text(x + 14, 116, value, 'big')}`;
  });

  const bins = Math.min(48, Math.max(8, Math.ceil(Math.sqrt(ms.length) * 1.5)));
  const counts = binned(ms, lo, hi, bins);
  const top = Math.max(1, ...counts);
  const [upper, floor] = [176, 316];
  const x = (v: number): number => left + ((Math.min(v, hi) - lo) / (hi - lo)) * (width - left - right);
  const barWidth = (width - left - right) / bins;
  const bars = counts.map((c, i) => {
    const h = (c / top) * (floor - upper);
    return `<rect x="${(left + i * barWidth + 1).toFixed(1)}" y="${(floor - h).toFixed(1)}" width="${Math.max(1, barWidth - 2).toFixed(1)}" height="${h.toFixed(1)}" rx="2"><title>${(lo + (i * (hi - lo)) / bins).toFixed(3)} ms and above: ${c}</title></rect>`;
  });
  const across = ticks(lo, hi, 7);
  const acrossStep = (across[1] ?? 1) - (across[0] ?? 0);
  const axis = across.map(
    (v) =>
      `<line class="grid" x1="${x(v).toFixed(1)}" x2="${x(v).toFixed(1)}" y1="${upper}" y2="${floor}"/>${text(x(v), floor + 18, tickText(v, acrossStep), 'middle')}`,
  );
  const far = x(p95) - x(median) > 92;
  const mark = (v: number, said: string, y: number): string => {
    const at = x(v);
    const leftwards = at > width - right - 70;
    return `<line class="mark" x1="${at.toFixed(1)}" x2="${at.toFixed(1)}" y1="${y - 8}" y2="${floor}"/>${text(at + (leftwards ? -6 : 6), y, said, `marked${leftwards ? ' end' : ''}`)}`;
  };

  const [ceiling, ground] = [378, 474];
  const y = (v: number): number => ground - ((Math.min(v, hi) - lo) / (hi - lo)) * (ground - ceiling);
  const stride = Math.max(1, Math.ceil(ms.length / 1500));
  const course = ms.flatMap((v, i) =>
    i % stride === 0
      ? [`<circle cx="${(left + ((i + 0.5) / ms.length) * (width - left - right)).toFixed(1)}" cy="${y(v).toFixed(1)}" r="2.2"/>`]
      : [],
  );
  const down = ticks(lo, hi, 3);
  const rows = down.map(
    (v) =>
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(v).toFixed(1)}" y2="${y(v).toFixed(1)}"/>${text(left - 8, y(v) + 4, tickText(v, (down[1] ?? 1) - (down[0] ?? 0)), 'end')}`,
  );
  const more = beyond > 0 ? `, ${beyond} above ${hi.toFixed(2)} ms drawn at the edge` : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"><title>${escapeXml(title)}</title><style>${style}</style>${text(left, 34, title, 'name')}${text(left, 54, subtitle)}${cards.join('')}${text(left, 160, `How long an inference takes, milliseconds (${ms.length} of them${more})`)}${axis.join('')}<g class="bars">${bars.join('')}</g><line class="grid" x1="${left}" x2="${width - right}" y1="${floor}" y2="${floor}"/>${mark(median, 'median', 180)}${mark(p95, '95 %', far ? 180 : 196)}${text(left, 366, 'One after the other, milliseconds')}${rows.join('')}<g class="dots">${course.join('')}</g>${text(left, 500, 'first')}${text(width - right, 500, 'last', 'end')}</svg>\n`;
}

/** @file What `explain` tells as a picture: a bar for each step, as long as it took, filled as far as the machine would have needed. */
import type { Explanation } from '../index.js';
import { escapeXml } from './draw.js';
import { cut, quantity } from './output.js';

type Row = Explanation['rows'][number];

const [width, left, right, top, line] = [980, 330, 150, 76, 17];
const style = `svg{--paper:#fbfaf8;--ink:#1d2230;--soft:#626b7f;--grid:#e6e2dc;--bar:#e3c3cb;--full:#8b2942;background:var(--paper)}
@media(prefers-color-scheme:dark){svg{--paper:#16181d;--ink:#eceae6;--soft:#a3a9b8;--grid:#343844;--bar:#5b3a44;--full:#e58fa5}}
text{font:11px system-ui,"Segoe UI",sans-serif;fill:var(--soft)}.name{font-size:20px;font-weight:650;fill:var(--ink)}.end{text-anchor:end}.step{fill:var(--ink)}
.bar{fill:var(--bar)}.full{fill:var(--full)}.grid{stroke:var(--grid)}`;

const text = (x: number, y: number, said: string, kind = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${kind ? ` class="${kind}"` : ''}>${escapeXml(said)}</text>`;

/** One bar a step: by milliseconds when they were measured, else by flops, else by bytes. */
export function stepsChart({ summary, rows }: Explanation, name: string): string {
  const column = ['ms', 'flops', 'bytes'].find((c) => rows.some((r) => Number(r[c] ?? 0) > 0)) ?? 'ms';
  const value = (row: Row): number => Number(row[column] ?? 0);
  const most = Math.max(...rows.map(value), Number.MIN_VALUE);
  const all = rows.reduce((sum, row) => sum + value(row), 0);
  const said = (n: number): string => (column === 'ms' ? `${n.toFixed(3)} ms` : quantity(n));
  const bars = rows.map((row, i) => {
    const y = top + i * line;
    const long = ((width - left - right) * value(row)) / most;
    const share = row['% of roofline'] === undefined ? undefined : Number(row['% of roofline']);
    const full = share === undefined ? long : (long * Math.min(share, 100)) / 100;
    const label = [row.kernel, row.tile, row.shape].filter(Boolean).join(' ');
    return `<g><title>${escapeXml(
      Object.entries(row)
        .map(([k, v]) => `${k}: ${v}`)
        .join('\n'),
    )}</title>${text(left - 8, y + 11, cut(label, 58), 'end step')}<rect class="bar" x="${left}" y="${y + 2}" width="${long.toFixed(1)}" height="${line - 5}" rx="2"/><rect class="full" x="${left}" y="${y + 2}" width="${full.toFixed(1)}" height="${line - 5}" rx="2"/>${text(left + long + 6, y + 11, `${said(value(row))}${share === undefined ? '' : ` · ${share.toFixed(0)} %`}`)}</g>`;
  });
  const height = top + rows.length * line + 24;
  const facts = ['device', 'isa', 'threads', 'peak GFLOP/s', 'peak GB/s']
    .filter((key) => summary[key] !== undefined)
    .map((key) => `${key} ${typeof summary[key] === 'number' ? Math.round(summary[key]) : summary[key]}`);
  const what =
    column === 'ms'
      ? `${rows.length} steps, ${said(all)} together; the dark part is what the peaks allow`
      : `${rows.length} steps by ${column}, ${said(all)} together`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"><title>${escapeXml(name)}</title><style>${style}</style>${text(16, 32, name, 'name')}${text(16, 54, `${what} · ${facts.join(' · ')}`)}<line class="grid" x1="${left}" x2="${left}" y1="${top - 4}" y2="${height - 16}"/>${bars.join('')}</svg>\n`;
}

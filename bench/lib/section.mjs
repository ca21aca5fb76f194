/** @file The results section of bench/README.md, made of what the bench kept as JSON. */
import { figure } from './figures.mjs';

const [begin, end] = ['<!-- results: node bench/results.mjs writes them -->', '<!-- end of results -->'];

const between = ([low, high], show) => `[${show(low)}, ${show(high)}]`;
const ratioOf = (x) => x.toFixed(2);

/** What the row is held against, in words. */
const target = (row) =>
  [
    ...Object.entries(row.against ?? {}).map(([peer, most]) => `${row.kind === 'rate' ? '≥' : '≤'} ${most} of ${peer}`),
    ...(row.better === undefined ? [] : [`≤ ${row.better} of the better`]),
    ...(row.limit === undefined ? [] : [`≤ ${row.limit}`]),
    ...(row.least === undefined ? [] : [`≥ ${row.least}`]),
    ...(row.kind === 'pixels' ? ['largest ≤ 1.15 of the least'] : []),
  ].join(', ');

const cell = (text) => text.replaceAll('|', '\\|');

/** A Markdown table of rows of cells, the first its head, with columns of one width, as the formatter has it. */
function aligned(rows) {
  const widths = rows[0].map((_, i) => Math.max(3, ...rows.map((cells) => cells[i].length)));
  const line = (cells) => `| ${cells.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`;
  const [head, ...rest] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)];
}

/** Markdown: machine, versions, date, and a table with a line for each row. */
export function section({ machine, date, rows }) {
  const engines = [...new Set(rows.flatMap(({ results }) => results.flatMap(({ engine }) => (engine ? [engine] : []))))].sort();
  const peers = ['openvino', 'onnxruntime-node'];
  const lines = rows.map((row) => {
    const [ours, ...others] = row.results;
    const of = (peer) => {
      const theirs = others.find(({ runner }) => runner === peer);
      const held = row.ratios[peer];
      return theirs && held ? `${figure(theirs.figure)}: ${ratioOf(held.ratio)} ${between(held.interval, ratioOf)}` : '';
    };
    const verdict = row.met === undefined ? '' : row.met ? 'met' : 'missed';
    return [row.name, `${figure(ours.figure)} ${between(ours.interval, figure)}`, ...peers.map(of), target(row), verdict].map(cell);
  });
  const table = aligned([['', 'Cuvée', 'OpenVINO: ratio', 'ONNX Runtime: ratio', 'target', ''], ...lines]);
  return `${machine.cpu}, ${machine.cores} cores, ${machine.threads} threads, Node ${machine.node}, ${date.slice(0, 10)}. ${engines.join(', ')}. Milliseconds
where no unit is named; medians with 90 % intervals; ratios are Cuvée's figure over the peer's in the same round.

${table.join('\n')}

![Cuvée's time over its peers'](results.svg)`;
}

/** The text with the section between its marks, which it has once. */
export function withSection(readme, text) {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md lacks its marks: ${begin} … ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${text}\n\n${readme.slice(to)}`;
}

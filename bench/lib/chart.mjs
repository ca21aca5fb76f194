/** @file The table's ratios as a picture: a bar for each row and peer, its interval, and the target. */

const [left, width, line] = [250, 900, 22];
const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const style = `svg{--paper:#fbfaf8;--ink:#1d2230;--soft:#626b7f;--grid:#d9d4cc;--openvino:#2f6fb7;--onnxruntime-node:#8b2942;--mark:#b7791f;background:var(--paper)}
@media(prefers-color-scheme:dark){svg{--paper:#16181d;--ink:#eceae6;--soft:#a3a9b8;--grid:#343844;--openvino:#6ba6e8;--onnxruntime-node:#e58fa5;--mark:#e0ab57}}
text{font:12px system-ui,"Segoe UI",sans-serif;fill:var(--soft)}.name{fill:var(--ink)}.end{text-anchor:end}.title{font-size:20px;font-weight:650;fill:var(--ink)}
.openvino{fill:var(--openvino)}.onnxruntime-node{fill:var(--onnxruntime-node)}.one{stroke:var(--grid)}.mark{stroke:var(--mark);stroke-width:2}.whisker{stroke:var(--ink)}`;

/** Times over the peer's: shorter is faster. Rates are turned round. */
export function ratiosChart(rows, subtitle) {
  const bars = rows.flatMap((row) =>
    Object.entries(row.ratios).map(([peer, { ratio, interval }]) => {
      const turn = (x) => (row.kind === 'rate' ? 1 / x : x);
      const target = row.against?.[peer] ?? row.better;
      return {
        name: row.name,
        peer,
        ratio: turn(ratio),
        interval: interval.map(turn),
        target: target === undefined ? undefined : turn(target),
      };
    }),
  );
  const most = Math.min(2, Math.max(1.1, ...bars.map((bar) => bar.ratio)));
  const x = (ratio) => left + (Math.min(ratio, most) / most) * (width - left - 70);
  const drawn = bars.map((bar, i) => {
    const y = 84 + i * line;
    const [from, to] = bar.interval.map(x);
    const mark =
      bar.target === undefined
        ? ''
        : `<line class="mark" x1="${x(bar.target).toFixed(1)}" x2="${x(bar.target).toFixed(1)}" y1="${y}" y2="${y + 16}"/>`;
    const name = bars[i - 1]?.name === bar.name ? '' : `<text class="name end" x="${left - 10}" y="${y + 12}">${escape(bar.name)}</text>`;
    return `${name}<rect class="${bar.peer}" x="${left}" y="${y + 2}" width="${(x(bar.ratio) - left).toFixed(1)}" height="12" rx="2"><title>${escape(`${bar.name}: ${bar.ratio.toFixed(3)} of ${bar.peer}`)}</title></rect><line class="whisker" x1="${from.toFixed(1)}" x2="${to.toFixed(1)}" y1="${y + 8}" y2="${y + 8}"/>${mark}<text x="${(Math.max(x(bar.ratio), to) + 6).toFixed(1)}" y="${y + 12}">${bar.ratio.toFixed(2)}</text>`;
  });
  const height = 84 + bars.length * line + 20;
  const legend = ['openvino', 'onnxruntime-node']
    .map(
      (peer, i) =>
        `<rect class="${peer}" x="${left + i * 170}" y="60" width="12" height="12" rx="2"/><text x="${left + 18 + i * 170}" y="70">of ${peer}</text>`,
    )
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"><title>Cuvée's time over its peers'</title><style>${style}</style><text class="title" x="16" y="28">Cuvée's time over its peers': shorter is faster</text><text x="16" y="48">${escape(subtitle)}</text>${legend}<line class="one" x1="${x(1).toFixed(1)}" x2="${x(1).toFixed(1)}" y1="78" y2="${height - 14}"/>${drawn.join('')}</svg>\n`;
}

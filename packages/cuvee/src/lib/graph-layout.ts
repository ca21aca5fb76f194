/**
 * @file Places for the boxes of a directed acyclic graph, top to bottom: layers by longest path, an order within each layer that
 * keeps wires from crossing (medians, swept down and up), and columns near the neighbours. Long wires get a place in every layer
 * that they pass, so that they run around boxes (Sugiyama's method).
 */

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** The middle of each box's upper edge, in the order of `widths`. */
  readonly boxes: readonly Place[];
  /** For each edge the places that its wire passes, from the lower edge of its source to the upper edge of its target. */
  readonly wires: readonly (readonly Place[])[];
}

interface Cell {
  readonly width: number;
  readonly layer: number;
  readonly above: number[];
  readonly below: number[];
  x: number;
}

/** Sizes in pixels. */
export interface Sizes {
  readonly height: number;
  readonly gapX: number;
  readonly gapY: number;
  readonly margin: number;
}

function layers(count: number, edges: readonly (readonly [number, number])[]): number[] {
  const depth = new Array<number>(count).fill(0);
  for (const [from, to] of edges) depth[to] = Math.max(depth[to] as number, (depth[from] as number) + 1); // edges come in order
  return depth;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};

/** Orders every layer by the medians of its neighbours' positions, down and up again. */
function order(cells: readonly Cell[], rows: number[][]): void {
  const position = new Map<number, number>();
  const number_ = (row: readonly number[]): void => row.forEach((cell, i) => position.set(cell, i));
  rows.forEach(number_);
  for (let sweep = 0; sweep < 6; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      const wish = new Map(
        row.map((cell) => {
          const near = (cells[cell] as Cell)[down ? 'above' : 'below'];
          return [cell, near.length > 0 ? median(near.map((n) => position.get(n) as number)) : (position.get(cell) as number)];
        }),
      );
      row.sort((a, b) => (wish.get(a) as number) - (wish.get(b) as number));
      number_(row);
    }
  }
}

/** Moves every cell of a row as near to its wish as its neighbours in the row let it: blocks of cells that touch share their mean. */
function settle(cells: readonly Cell[], row: readonly number[], wishes: readonly number[], gap: number): void {
  const blocks: { first: number; count: number; sum: number; at: number }[] = [];
  const offset: number[] = [];
  row.forEach((cell, i) => {
    const before = cells[row[i - 1] as number];
    offset.push(i === 0 ? 0 : (offset[i - 1] as number) + ((before as Cell).width + (cells[cell] as Cell).width) / 2 + gap);
  });
  row.forEach((_, i) => {
    const wish = (wishes[i] as number) - (offset[i] as number);
    let block = { first: i, count: 1, sum: wish, at: wish };
    for (let last = blocks.at(-1); last && last.at > block.at; last = blocks.at(-1)) {
      blocks.pop();
      const [count, sum] = [last.count + block.count, last.sum + block.sum];
      block = { first: last.first, count, sum, at: sum / count };
    }
    blocks.push(block);
  });
  for (const { first, count, at } of blocks)
    for (let i = first; i < first + count; i++) (cells[row[i] as number] as Cell).x = at + (offset[i] as number);
}

function columns(cells: readonly Cell[], rows: readonly (readonly number[])[], gap: number): void {
  for (const row of rows)
    settle(
      cells,
      row,
      row.map(() => 0),
      gap,
    );
  for (let sweep = 0; sweep < 8; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      const wishes = row.map((cell) => {
        const own = cells[cell] as Cell;
        const near = down ? own.above : own.below;
        return near.length > 0 ? median(near.map((n) => (cells[n] as Cell).x)) : own.x;
      });
      settle(cells, row, wishes, gap);
    }
  }
}

/** A wire over more layers than this goes straight, so that a graph of thousands of layers stays drawable. */
const longest = 64;

/** `widths` of the boxes in topological order; `edges` as pairs of their numbers, sorted by target. */
export function layout(widths: readonly number[], edges: readonly (readonly [number, number])[], sizes: Sizes): Layout {
  const depth = layers(widths.length, edges);
  const cells: Cell[] = widths.map((width, i) => ({ width, layer: depth[i] as number, above: [], below: [], x: 0 }));
  const paths = edges.map(([from, to]) => {
    const path = [from];
    const [start, end] = [depth[from] as number, depth[to] as number];
    for (let layer = start + 1; layer < end && end - start <= longest; layer++)
      path.push(cells.push({ width: 12, layer, above: [], below: [], x: 0 }) - 1);
    path.push(to);
    for (let i = 1; i < path.length; i++) {
      (cells[path[i - 1] as number] as Cell).below.push(path[i] as number);
      (cells[path[i] as number] as Cell).above.push(path[i - 1] as number);
    }
    return path;
  });
  const rows: number[][] = [];
  cells.forEach(({ layer }, i) => void (rows[layer] ??= []).push(i));
  order(cells, rows);
  columns(cells, rows, sizes.gapX);
  const left = Math.min(0, ...cells.map((c) => c.x - c.width / 2)) - sizes.margin;
  const right = Math.max(0, ...cells.map((c) => c.x + c.width / 2)) + sizes.margin;
  const top = (layer: number): number => sizes.margin + layer * (sizes.height + sizes.gapY);
  const place = (i: number, lower: boolean): Place => {
    const { x, layer } = cells[i] as Cell;
    return { x: Math.round((x - left) * 10) / 10, y: top(layer) + (lower ? sizes.height : 0) };
  };
  return {
    width: Math.ceil(right - left),
    height: top(rows.length) - sizes.gapY + sizes.margin,
    boxes: widths.map((_, i) => place(i, false)),
    wires: paths.map((path) => [
      place(path[0] as number, true),
      ...path.slice(1, -1).flatMap((i) => [place(i, false), place(i, true)]),
      place(path.at(-1) as number, false),
    ]),
  };
}

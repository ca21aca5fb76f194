/** Random split problems, and the exhaustive search that the real one is held against. */
import type { Prices } from '../src/prices.js';
import type { Graph } from '../src/units.js';

/** Reproducible numbers (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** A graph from what each unit reads: numbers of earlier units, -1 for the one input of the model. Every unit makes one value. */
export function graphOf(reads: readonly (readonly number[])[], wanted: readonly number[] = []): Graph {
  const value = (unit: number): number => unit + 1;
  const values = reads.map((list) => [...new Set(list.map(value))]);
  const count = reads.length + 1;
  return {
    reads: values,
    maker: Array.from({ length: count }, (_, v) => v - 1),
    readers: Array.from({ length: count }, (_, v) => reads.flatMap((__, unit) => (values[unit]?.includes(v) ? [unit] : []))),
    wanted: Array.from({ length: count }, (_, v) => wanted.includes(v - 1)),
  };
}

export function randomGraph(random: (below: number) => number, units: number): Graph {
  const reads = Array.from({ length: units }, (_, unit) => Array.from({ length: 1 + random(3) }, () => random(unit + 1) - 1));
  return graphOf(reads, [units - 1]);
}

/** Every value costs one to hand over, parts next to nothing: the price is the number of transfers. */
export const transfersOnly = (allowed: Prices['allowed']): Prices => ({
  allowed,
  compute: () => 0,
  read: () => 1,
  give: () => 0,
  launch: () => 1e-6,
});

/**
 * The least price of any split, by trying all sets of parts that do not wait for each other in a circle. `growing`: a part never
 * becomes cheaper by more units.
 */
export function exhaustive(
  graph: Graph,
  prices: Prices,
  price: (units: readonly number[], device: number) => number,
  growing = false,
): number {
  const count = graph.reads.length;
  const parts: { device: number; units: number[] }[] = [];
  const partOf: number[] = [];
  let best = Number.POSITIVE_INFINITY;
  const priceOfAll = (): number => parts.reduce((sum, p) => sum + price(p.units, p.device), 0);
  const isAcyclic = (): boolean => {
    const left = new Set(parts.keys());
    const waits = (part: number): boolean =>
      (parts[part] as { units: number[] }).units.some((unit) =>
        graph.reads[unit]?.some((v) => {
          const maker = graph.maker[v] as number;
          return maker >= 0 && partOf[maker] !== part && left.has(partOf[maker] as number);
        }),
      );
    for (;;) {
      const ready = [...left].filter((p) => !waits(p));
      if (ready.length === 0) return left.size === 0;
      for (const p of ready) left.delete(p);
    }
  };
  const place = (unit: number): void => {
    if (unit === count) {
      const total = priceOfAll();
      if (total < best && isAcyclic()) best = total;
      return;
    }
    if (growing && priceOfAll() >= best) return;
    for (const device of prices.allowed[unit] as readonly number[]) {
      for (let p = 0; p <= parts.length; p++) {
        if (p === parts.length) parts.push({ device, units: [] });
        else if (parts[p]?.device !== device) continue;
        parts[p]?.units.push(unit);
        partOf[unit] = p;
        place(unit + 1);
        parts[p]?.units.pop();
        if (parts[p]?.units.length === 0) parts.pop();
      }
    }
  };
  place(0);
  return best;
}

/** @file The cheapest split of a small graph, by looking at all of them. */
import { priceOf, type Cut, type Prices } from './prices.js';
import type { Graph } from './units.js';

/** More units than this are never looked at whole: sets of them are bits of an integer. */
export const most = 30;

/** A set of units that has run, by the cheapest way there. */
interface Reached {
  readonly price: number;
  readonly before: number;
  readonly part: number;
  readonly device: number;
}

/**
 * The cheapest way to run some units of a graph, part after part: a shortest path over the sets of units that can have run. Values
 * that other units make count as there. `undefined` when the graph has more than `most` units or more than `budget` steps to look at.
 */
export function cheapest(graph: Graph, prices: Prices, units: readonly number[], budget = 200_000): readonly Cut[] | undefined {
  const count = units.length;
  if (count > most) return undefined;
  const bit = new Map(units.map((unit, i) => [unit, i]));
  const needs = units.map(
    (unit) =>
      (graph.reads[unit] as readonly number[]).reduce((set, v) => set | (1 << (bit.get(graph.maker[v] as number) ?? 31)), 0) & 0x7fffffff,
  );
  const devices = [...new Set(units.flatMap((unit) => prices.allowed[unit] as readonly number[]))];
  const mayRun = devices.map((device) =>
    units.reduce((set, unit, i) => (prices.allowed[unit]?.includes(device) ? set | (1 << i) : set), 0),
  );
  const listOf = (set: number): number[] => units.filter((_, i) => (set & (1 << i)) !== 0);
  const whole = count === 0 ? 0 : 2 ** count - 1;
  const reached = new Map<number, Reached>([[0, { price: 0, before: 0, part: 0, device: 0 }]]);
  const bySize: number[][] = Array.from({ length: count + 1 }, () => []);
  bySize[0]?.push(0);
  const known = new Map<number, number>();
  let steps = 0;

  const partPrice = (set: number, device: number): number => {
    const key = set * devices.length + device;
    let price = known.get(key);
    if (price === undefined) {
      const has = (unit: number): boolean => (set & (1 << (bit.get(unit) ?? 31))) !== 0 && bit.has(unit);
      price = priceOf(graph, prices, { device: devices[device] as number, units: listOf(set) }, has);
      known.set(key, price);
    }
    return price;
  };
  const arrive = (from: number, price: number, part: number, device: number): void => {
    const set = from | part;
    const total = price + partPrice(part, device);
    const old = reached.get(set);
    if (!old) bySize[ones(set)]?.push(set);
    if (!old || total < old.price) reached.set(set, { price: total, before: from, part, device });
  };
  /** All parts on a device that can run next: with or without the first unit that is ready, and so on. */
  const grow = (from: number, price: number, device: number, part: number, left: number): void => {
    if (++steps > budget) return;
    const done = from | part;
    let ready = (mayRun[device] as number) & ~done & ~left;
    for (let rest = ready; rest !== 0; rest &= rest - 1) {
      const i = 31 - Math.clz32(rest & -rest);
      if (((needs[i] as number) & ~done) !== 0) ready &= ~(1 << i);
    }
    if (ready === 0) {
      if (part !== 0) arrive(from, price, part, device);
      return;
    }
    const first = ready & -ready;
    grow(from, price, device, part | first, left);
    grow(from, price, device, part, left | first);
  };
  for (const sets of bySize)
    for (const set of sets) {
      const { price } = reached.get(set) as Reached;
      for (let device = 0; device < devices.length; device++) grow(set, price, device, 0, 0);
      if (steps > budget) return undefined;
    }
  const cuts: Cut[] = [];
  for (let set = whole; set !== 0; ) {
    const step = reached.get(set) as Reached;
    cuts.unshift({ device: devices[step.device] as number, units: listOf(step.part) });
    set = step.before;
  }
  return cuts;
}

function ones(set: number): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count++;
  return count;
}

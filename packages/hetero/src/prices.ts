/** @file What a split costs, in seconds: from the figures that devices offer, where all of them do. */
import type { DeviceCosts } from '@cuvee/core';
import type { Graph, Units } from './units.js';

/** Prices of one split problem. Devices are numbers, in the order of the list. */
export interface Prices {
  /** Devices that can run a unit, most wanted first; one where the choice is made. */
  readonly allowed: readonly (readonly number[])[];
  compute(unit: number, device: number): number;
  /** A part on the device reads a value that it does not make. */
  read(value: number, device: number): number;
  /** A part on the device makes a value that is read outside it. */
  give(value: number, device: number): number;
  /** A part on the device is started. */
  launch(device: number): number;
}

/** Handing a tensor from one part to the next, whatever its size. */
const handOver = 2e-6;
/** What a part costs where no figures tell: less than any transfer, so that it decides between splits with as many. */
const least = 1e-9;
/** Without figures every byte costs the same everywhere. */
const usual: DeviceCosts = { transferBytesPerSecond: 1e10, launchSeconds: least, flopsPerSecond: Number.POSITIVE_INFINITY };

/**
 * Prices for units that each have devices which can run them, the most wanted first. With figures of all devices the cheapest of these
 * is chosen; an earlier device counts as no slower than a later one, since the user wants it. Without, the first is.
 */
export function pricesOf(
  { nodes, bytes, flops }: Units,
  allowed: Prices['allowed'],
  figures: readonly (DeviceCosts | undefined)[],
): Prices {
  const complete = figures.every((f) => f !== undefined);
  const costs = complete ? (figures as DeviceCosts[]) : figures.map(() => usual);
  const speed = costs.map((_, i) => Math.max(...costs.slice(i).map((c) => c.flopsPerSecond)));
  const start = costs.map((_, i) => Math.min(...costs.slice(i).map((c) => c.nodeSeconds ?? 0)));
  const transfer = (value: number, device: number): number =>
    (bytes[value] as number) / (costs[device] as DeviceCosts).transferBytesPerSecond;
  return {
    allowed: complete ? allowed : allowed.map((devices) => devices.slice(0, 1)),
    // Between equal prices the earlier device is taken.
    compute: (unit, device) =>
      (flops[unit] as number) / (speed[device] as number) + (nodes[unit]?.length ?? 0) * (start[device] as number) + device * 1e-12,
    read: (value, device) => handOver + transfer(value, device),
    give: (value, device) => transfer(value, device),
    launch: (device) => (costs[device] as DeviceCosts).launchSeconds,
  };
}

/** A part of a split: units on a device. */
export interface Cut {
  readonly device: number;
  readonly units: readonly number[];
}

/** Values that units read from outside, each once. */
export const readsOf = ({ reads, maker }: Graph, units: readonly number[], has: (unit: number) => boolean): number[] => {
  const found = new Set<number>();
  for (const unit of units) for (const v of reads[unit] as readonly number[]) if (!has(maker[v] as number)) found.add(v);
  return [...found];
};

/** Price of one part, whatever the other parts are: so the price of a split is the sum of its parts'. */
export function priceOf(graph: Graph, prices: Prices, { device, units }: Cut, has: (unit: number) => boolean): number {
  let price = prices.launch(device);
  for (const unit of units) price += prices.compute(unit, device);
  for (const v of readsOf(graph, units, has)) price += prices.read(v, device);
  for (const [v, unit] of madeBy(graph, units)) {
    if (graph.wanted[v] || (graph.readers[v] as readonly number[]).some((u) => !has(u) && u !== unit)) price += prices.give(v, device);
  }
  return price;
}

const made = new WeakMap<Graph, readonly (readonly number[])[]>();

/** Values that units make, each with its unit. */
function* madeBy(graph: Graph, units: readonly number[]): Iterable<readonly [value: number, unit: number]> {
  let values = made.get(graph);
  if (!values) {
    const lists: number[][] = graph.reads.map(() => []);
    graph.maker.forEach((unit, v) => unit >= 0 && lists[unit]?.push(v));
    made.set(graph, (values = lists));
  }
  for (const unit of units) for (const v of values[unit] as readonly number[]) yield [v, unit];
}

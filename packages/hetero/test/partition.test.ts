import { describe, expect, it } from 'vitest';
import { components } from '../src/components.js';
import { group, partition, total } from '../src/partition.js';
import { priceOf, type Cut, type Prices } from '../src/prices.js';
import { cheapest } from '../src/search.js';
import type { Graph } from '../src/units.js';
import { exhaustive, graphOf, numbers, randomGraph, transfersOnly } from './random.js';

const allowedAtRandom = (random: (below: number) => number, units: number, devices: number): number[][] =>
  Array.from({ length: units }, () => {
    const can = Array.from({ length: devices }, (_, d) => d).filter(() => random(2) === 0);
    return can.length > 0 ? can : [random(devices)];
  });

/** Every unit once, on a device that runs it, and nothing read before it is made. */
function check(graph: Graph, prices: Prices, cuts: readonly Cut[]): void {
  const done = new Set<number>();
  for (const { device, units } of cuts) {
    const own = new Set(units);
    for (const unit of units) {
      expect(prices.allowed[unit]).toContain(device);
      for (const v of graph.reads[unit] as readonly number[]) {
        const maker = graph.maker[v] as number;
        expect(maker < 0 || done.has(maker) || own.has(maker)).toBe(true);
      }
    }
    for (const unit of units) {
      expect(done.has(unit)).toBe(false);
      done.add(unit);
    }
  }
  expect(done.size).toBe(graph.reads.length);
}
const priceIn =
  (graph: Graph, prices: Prices) =>
  (units: readonly number[], device: number): number =>
    priceOf(graph, prices, { device, units }, (unit) => units.includes(unit));

describe('a split', () => {
  it('hands over as little as any, on 500 graphs of up to 12 units placed at random', () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = numbers(seed);
      const graph = randomGraph(random, 2 + random(11));
      const prices = transfersOnly(graph.reads.map(() => [random(2 + (seed % 2))]));
      const cuts = partition(graph, prices);
      check(graph, prices, cuts);
      expect(Math.round(total(graph, prices, cuts)), `seed ${seed}`).toBe(
        Math.round(exhaustive(graph, prices, priceIn(graph, prices), true)),
      );
    }
  });
  it('is as cheap as any, where devices have prices and units a choice', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = numbers(seed);
      const graph = randomGraph(random, 2 + random(6));
      const speed = [1 + random(9), 1 + random(9), 1 + random(9)];
      const prices: Prices = {
        allowed: allowedAtRandom(random, graph.reads.length, 3),
        compute: (unit, device) => ((unit % 5) + 1) * (speed[device] as number),
        read: (v) => 1 + (v % 7),
        give: (v, device) => (v % 3) * device,
        launch: (device) => 2 * device,
      };
      const cuts = partition(graph, prices);
      check(graph, prices, cuts);
      expect(total(graph, prices, cuts), `seed ${seed}`).toBeCloseTo(exhaustive(graph, prices, priceIn(graph, prices)), 6);
    }
  });
  it('has parts that never wait for each other in a circle, on 100 larger graphs, and costs little more than the best', () => {
    let [sum, best] = [0, 0];
    for (let seed = 0; seed < 100; seed++) {
      const random = numbers(1000 + seed);
      const graph = randomGraph(random, 13 + random(seed % 10 === 0 ? 300 : 12));
      const prices = transfersOnly(allowedAtRandom(random, graph.reads.length, 3).map((can) => can.slice(0, 1)));
      const cuts = partition(graph, prices);
      check(graph, prices, cuts);
      const placement = prices.allowed.map(([device]) => device as number);
      const quick = group(graph, prices, placement);
      check(graph, prices, quick);
      const exact = cheapest(graph, prices, [...graph.reads.keys()], 300_000);
      if (!exact) continue;
      sum += total(graph, prices, quick);
      best += total(graph, prices, exact);
    }
    expect(sum / best).toBeLessThan(1.05);
  });
  it('moves no tiny unit to another device where handing over costs more than it saves', () => {
    // a chain heavy, tiny, heavy, tiny …: the first device runs the heavy ones, twice as fast as the second, which runs all
    for (const length of [12, 60]) {
      const graph = graphOf(
        Array.from({ length }, (_, unit) => [unit - 1]),
        [length - 1],
      );
      const heavy = (unit: number): boolean => unit % 2 === 0;
      const prices = (gain: number): Prices => ({
        allowed: graph.reads.map((_, unit) => (heavy(unit) ? [0, 1] : [1])),
        compute: (unit, device) => (heavy(unit) ? gain * (device + 1) : 0.01),
        read: () => 1,
        give: () => 1,
        launch: () => 1,
      });
      expect(partition(graph, prices(1))).toHaveLength(1);
      expect(partition(graph, prices(100))).toHaveLength(length);
    }
  });
});

it('components come in an order in which they lead to each other', () => {
  expect(components([[1], [2], [0, 3], [4], []])).toEqual([[0, 1, 2], [3], [4]]);
  for (let seed = 0; seed < 200; seed++) {
    const random = numbers(seed);
    const count = 2 + random(20);
    const edges = Array.from({ length: count }, () => Array.from({ length: random(4) }, () => random(count)));
    const found = components(edges);
    const at = new Map(found.flatMap((c, i) => c.map((node) => [node, i] as const)));
    expect(at.size).toBe(count);
    const reach = edges.map((_, from) => {
      const seen = new Set([from]);
      for (const node of seen) for (const to of edges[node] as number[]) seen.add(to);
      return seen;
    });
    for (let a = 0; a < count; a++)
      for (let b = 0; b < count; b++) {
        expect(at.get(a) === at.get(b)).toBe((reach[a]?.has(b) && reach[b]?.has(a)) ?? false);
        if (reach[a]?.has(b)) expect(at.get(a)).toBeLessThanOrEqual(at.get(b) as number);
      }
  }
});

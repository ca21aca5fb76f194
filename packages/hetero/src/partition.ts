/** @file Cuts a graph of units into parts that never wait for each other in a circle. */
import { components } from './components.js';
import { priceOf, type Cut, type Prices } from './prices.js';
import { cheapest } from './search.js';
import type { Graph } from './units.js';

/** Device of each unit. */
type Placement = readonly number[];

/** Rounds of moving parts to other devices; each makes the split cheaper. */
const rounds = 16;
/** Parts whose merging is tried pair by pair. */
const mergeable = 400;

/**
 * Parts in an order in which they can run, each on one device that can run all its units; as cheap as can be for small graphs, for
 * others as cheap as moving and merging whole parts makes it.
 */
export function partition(graph: Graph, prices: Prices): readonly Cut[] {
  const all = graph.reads.map((_, unit) => unit);
  const whole = cheapest(graph, prices, all);
  if (whole) return whole;
  let placement: Placement = all.map((unit) => (prices.allowed[unit] as readonly number[])[0] as number);
  let cuts = group(graph, prices, placement);
  let price = total(graph, prices, cuts);
  for (let round = 0; round < rounds; round++) {
    const moved = moveParts(graph, prices, placement, cuts);
    if (!moved) break;
    const other = group(graph, prices, moved);
    const cost = total(graph, prices, other);
    if (cost >= price) break;
    [placement, cuts, price] = [moved, other, cost];
  }
  return cuts;
}

/** Price of a split. */
export function total(graph: Graph, prices: Prices, cuts: readonly Cut[]): number {
  return cuts.reduce((sum, cut) => {
    const own = new Set(cut.units);
    return sum + priceOf(graph, prices, cut, (unit) => own.has(unit));
  }, 0);
}

/**
 * Parts for units that have their devices. Neighbours on one device go together; where such groups wait for each other in a circle
 * (a strongly connected component), each of the circle's units goes as early as its device allows; what can be joined again is.
 */
export function group(graph: Graph, prices: Prices, placement: Placement): readonly Cut[] {
  const neighbours = joinNeighbours(graph, placement);
  const cuts: Cut[] = [];
  for (const circle of components(leadsTo(graph, neighbours))) {
    const units = circle.flatMap((i) => neighbours[i] as readonly number[]).sort((a, b) => a - b);
    const fixed = { ...prices, allowed: placement.map((device) => [device]) };
    if (circle.length === 1) cuts.push({ device: placement[units[0] as number] as number, units });
    else cuts.push(...(cheapest(graph, fixed, units) ?? inLevels(graph, placement, units)));
  }
  return cuts.length > mergeable ? cuts : merged(graph, prices, cuts);
}

/** Sets of units that one device's wires connect. */
function joinNeighbours(graph: Graph, placement: Placement): readonly (readonly number[])[] {
  const parent = placement.map((_, unit) => unit);
  const root = (unit: number): number => {
    let at = unit;
    while (parent[at] !== at) at = parent[at] = parent[parent[at] as number] as number;
    return at;
  };
  graph.reads.forEach((values, unit) => {
    for (const v of values) {
      const maker = graph.maker[v] as number;
      if (maker >= 0 && placement[maker] === placement[unit]) parent[root(maker)] = root(unit);
    }
  });
  const sets = new Map<number, number[]>();
  placement.forEach((_, unit) => {
    const set = sets.get(root(unit));
    if (set) set.push(unit);
    else sets.set(root(unit), [unit]);
  });
  return [...sets.values()];
}

/** For each set of units: the sets that read what it makes. */
function leadsTo(graph: Graph, sets: readonly (readonly number[])[]): number[][] {
  const setOf = new Map(sets.flatMap((units, i) => units.map((unit) => [unit, i] as const)));
  const edges = sets.map(() => new Set<number>());
  graph.maker.forEach((maker, v) => {
    const from = setOf.get(maker);
    if (from === undefined) return;
    for (const reader of graph.readers[v] as readonly number[]) {
      const to = setOf.get(reader);
      if (to !== undefined && to !== from) edges[from]?.add(to);
    }
  });
  return edges.map((set) => [...set]);
}

/** A unit joins the level of what it reads when that is on its device, else the next: so levels can only feed later levels. */
function inLevels(graph: Graph, placement: Placement, units: readonly number[]): Cut[] {
  const level = new Map<number, number>();
  const parts = new Map<string, { level: number; device: number; units: number[] }>();
  for (const unit of units) {
    const device = placement[unit] as number;
    let own = 0;
    for (const v of graph.reads[unit] as readonly number[]) {
      const maker = graph.maker[v] as number;
      const before = level.get(maker);
      if (before !== undefined) own = Math.max(own, before + (placement[maker] === device ? 0 : 1));
    }
    level.set(unit, own);
    const part = parts.get(`${own} ${device}`);
    if (part) part.units.push(unit);
    else parts.set(`${own} ${device}`, { level: own, device, units: [unit] });
  }
  return [...parts.values()].sort((a, b) => a.level - b.level);
}

/** Joins parts of one device, whatever saves most first, as long as no circle arises. */
function merged(graph: Graph, prices: Prices, given: readonly Cut[]): readonly Cut[] {
  let cuts = [...given];
  const price = ({ device, units }: Cut): number => {
    const own = new Set(units);
    return priceOf(graph, prices, { device, units }, (unit) => own.has(unit));
  };
  for (;;) {
    const edges = leadsTo(
      graph,
      cuts.map((c) => c.units),
    );
    const reach = reachable(edges);
    const single = cuts.map(price);
    let best: { saved: number; a: number; b: number } | undefined;
    for (let a = 0; a < cuts.length; a++)
      for (let b = a + 1; b < cuts.length; b++) {
        const [one, two] = [cuts[a] as Cut, cuts[b] as Cut];
        if (one.device !== two.device || isAround(edges, reach, a, b) || isAround(edges, reach, b, a)) continue;
        const saved = (single[a] as number) + (single[b] as number) - price({ device: one.device, units: [...one.units, ...two.units] });
        if (saved > (best?.saved ?? 0)) best = { saved, a, b };
      }
    if (!best) break;
    const { a, b } = best;
    const together: Cut = {
      device: (cuts[a] as Cut).device,
      units: [...(cuts[a] as Cut).units, ...(cuts[b] as Cut).units].sort((x, y) => x - y),
    };
    cuts = [...cuts.filter((_, i) => i !== a && i !== b), together];
  }
  return components(
    leadsTo(
      graph,
      cuts.map((c) => c.units),
    ),
  ).map(([i = 0]) => cuts[i] as Cut);
}

/** For each node of an acyclic graph: all that it leads to. */
function reachable(edges: readonly (readonly number[])[]): readonly ReadonlySet<number>[] {
  const reach: Set<number>[] = edges.map(() => new Set());
  for (const [node = 0] of [...components(edges)].reverse())
    for (const to of edges[node] as readonly number[]) {
      reach[node]?.add(to);
      for (const further of reach[to] as ReadonlySet<number>) reach[node]?.add(further);
    }
  return reach;
}

/** Whether a way leads from a to b through others. */
const isAround = (edges: readonly (readonly number[])[], reach: readonly ReadonlySet<number>[], a: number, b: number): boolean =>
  (edges[a] as readonly number[]).some((next) => next !== b && reach[next]?.has(b));

/** Devices after moving every part for which that pays, one after the other; undefined when it pays for none. */
function moveParts(graph: Graph, prices: Prices, placement: Placement, cuts: readonly Cut[]): Placement | undefined {
  const next = [...placement];
  let moved = false;
  for (const { units } of cuts) {
    const own = new Set(units);
    const has = (unit: number): boolean => own.has(unit);
    const here = next[units[0] as number] as number;
    const options = (prices.allowed[units[0] as number] as readonly number[]).filter(
      (device) => device !== here && units.every((unit) => prices.allowed[unit]?.includes(device)),
    );
    const cost = (device: number): number =>
      priceOf(graph, prices, { device, units }, has) - joined(graph, prices, next, units, device, has);
    const best = options.map((device) => ({ device, cost: cost(device) })).sort((a, b) => a.cost - b.cost)[0];
    if (!best || best.cost >= cost(here)) continue;
    for (const unit of units) next[unit] = best.device;
    moved = true;
  }
  return moved ? next : undefined;
}

/** What a part saves when it joins its neighbours on the device: values that need not be handed over, and its own start. */
function joined(
  graph: Graph,
  prices: Prices,
  placement: Placement,
  units: readonly number[],
  device: number,
  has: (u: number) => boolean,
): number {
  let saved = 0;
  let meets = false;
  for (const unit of units) {
    for (const v of graph.reads[unit] as readonly number[]) {
      const maker = graph.maker[v] as number;
      if (maker < 0 || has(maker) || placement[maker] !== device) continue;
      meets = true;
      const others = (graph.readers[v] as readonly number[]).some((u) => !has(u) && placement[u] !== device);
      saved += prices.read(v, device) + (others || graph.wanted[v] ? 0 : prices.give(v, device));
    }
  }
  graph.maker.forEach((maker, v) => {
    if (!has(maker)) return;
    const outside = (graph.readers[v] as readonly number[]).filter((u) => !has(u));
    if (!outside.some((u) => placement[u] === device)) return;
    meets = true;
    saved += prices.read(v, device) + (outside.every((u) => placement[u] === device) && !graph.wanted[v] ? prices.give(v, device) : 0);
  });
  return saved + (meets ? prices.launch(device) : 0);
}

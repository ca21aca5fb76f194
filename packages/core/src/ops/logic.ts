/** @file What comparisons and logical operations share: conditions as elements of boolean tensors. */
import type { Element } from '../ir/fact.js';
import { isExpr, type Condition, type Dim } from '../shape/index.js';
import { alignPdpd, broadcastAttributes, broadcastRule, pdpdAligned, sameType, zip, zipElements, zipFacts } from './elementwise.js';
import { boolean, current, numericOrBoolean, op, port, type Op, type TypeClass } from './op.js';

/** The condition that an element of a boolean tensor is; undefined where it is not known. */
export function conditionOf(e: Element): Condition | undefined {
  if (e === undefined) return undefined;
  if (typeof e === 'number') return e !== 0;
  return isExpr(e) ? undefined : e;
}

/** A decided condition as the number that a boolean tensor holds. */
export const conditionElement = (p: Condition): Element => (typeof p === 'boolean' ? Number(p) : p);

/** A room that compares two broadcast inputs of one type and gives booleans. */
export function comparison(name: string, fn: (a: number | bigint | string, b: number | bigint | string) => boolean, symbolic: (a: Dim, b: Dim) => Condition, types: TypeClass = numericOrBoolean): Op {
  return op(name, {
    attributes: broadcastAttributes,
    inputs: [port('a', types), port('b', types)],
    outputs: [port('output', boolean)],
    infer({ a, b }, { auto_broadcast, axis }, ctx) {
      sameType(ctx, a, b);
      const elements = zipElements(a, b, (x, y) => conditionElement(symbolic(x, y)));
      return { type: 'boolean', shape: ctx.broadcast(a.shape, pdpdAligned(a, b, auto_broadcast, axis), broadcastRule(auto_broadcast)), ...(elements && { elements }) };
    },
    evaluate: ({ a, b }, { auto_broadcast, axis }) => zip(a, alignPdpd(a, b, auto_broadcast, axis), 'boolean', (x, y) => Number(fn(x, y))),
    traits: { elementwise: true },
  });
}

/** A room for a function of two broadcast booleans. `symbolic` joins conditions that are not decided. */
export function logical(name: string, fn: (a: boolean, b: boolean) => boolean, symbolic?: (a: Condition, b: Condition) => Condition, extra: { since?: number; aliases?: readonly string[] } = {}): Op {
  return op(name, {
    since: { [`opset${extra.since ?? 1}`]: current },
    ...(extra.aliases && { aliases: extra.aliases }),
    attributes: broadcastAttributes,
    inputs: [port('a', boolean), port('b', boolean)],
    outputs: [port('output', boolean)],
    infer({ a, b }, { auto_broadcast, axis }, ctx) {
      const elements = zipFacts(a, b, (x, y) => {
        const [p, q] = [conditionOf(x), conditionOf(y)];
        if (typeof p === 'boolean' && typeof q === 'boolean') return Number(fn(p, q));
        return symbolic && p !== undefined && q !== undefined ? conditionElement(symbolic(p, q)) : undefined;
      });
      return { type: 'boolean', shape: ctx.broadcast(a.shape, pdpdAligned(a, b, auto_broadcast, axis), broadcastRule(auto_broadcast)), ...(elements && { elements }) };
    },
    evaluate: ({ a, b }, { auto_broadcast, axis }) => zip(a, alignPdpd(a, b, auto_broadcast, axis), 'boolean', (x: number, y: number) => Number(fn(x !== 0, y !== 0))),
    traits: { elementwise: true, inPlace: 'a' },
  });
}

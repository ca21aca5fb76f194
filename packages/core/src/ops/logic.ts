/** @file What comparisons and logical operations share. */
import type { Element } from '../ir/fact.js';
import { alignPdpd, broadcastAttributes, broadcastRule, numpyBroadcast, pdpdAligned, sameType, zip, zipElements } from './elementwise.js';
import { boolean, current, numericOrBoolean, op, port, type Op, type TypeClass } from './op.js';

/** A room that compares two broadcast inputs of one type and gives booleans. */
export function comparison(
  name: string,
  fn: (a: number | bigint | string, b: number | bigint | string) => boolean,
  symbolic: (a: Element, b: Element) => Element,
  types: TypeClass = numericOrBoolean,
): Op {
  return op(name, {
    attributes: broadcastAttributes,
    inputs: [port('a', types), port('b', types)],
    outputs: [port('output', boolean)],
    infer({ a, b }, { auto_broadcast, axis }, ctx) {
      sameType(ctx, a, b);
      const elements = zipElements(a, b, symbolic);
      return {
        type: 'boolean',
        shape: ctx.broadcast(a.shape, pdpdAligned(a, b, auto_broadcast, axis), broadcastRule(auto_broadcast)),
        ...(elements && { elements }),
      };
    },
    evaluate: ({ a, b }, { auto_broadcast, axis }) => zip(a, alignPdpd(a, b, auto_broadcast, axis), 'boolean', (x, y) => Number(fn(x, y))),
    decompose: (g, { a, b }, attributes) => numpyBroadcast(g, name, a, b, attributes),
    traits: { elementwise: true },
  });
}

/** A room for a function of two broadcast booleans. `symbolic` joins elements known before the run. */
export function logical(
  name: string,
  fn: (a: boolean, b: boolean) => boolean,
  symbolic: (a: Element, b: Element) => Element,
  extra: { since?: number; aliases?: readonly string[] } = {},
): Op {
  return op(name, {
    since: { [`opset${extra.since ?? 1}`]: current },
    ...(extra.aliases && { aliases: extra.aliases }),
    attributes: broadcastAttributes,
    inputs: [port('a', boolean), port('b', boolean)],
    outputs: [port('output', boolean)],
    infer({ a, b }, { auto_broadcast, axis }, ctx) {
      const elements = zipElements(a, b, symbolic);
      return {
        type: 'boolean',
        shape: ctx.broadcast(a.shape, pdpdAligned(a, b, auto_broadcast, axis), broadcastRule(auto_broadcast)),
        ...(elements && { elements }),
      };
    },
    evaluate: ({ a, b }, { auto_broadcast, axis }) =>
      zip(a, alignPdpd(a, b, auto_broadcast, axis), 'boolean', (x: number, y: number) => Number(fn(x !== 0, y !== 0))),
    decompose: (g, { a, b }, attributes) => numpyBroadcast(g, name, a, b, attributes),
    traits: { elementwise: true, inPlace: 'a' },
  });
}

import { binaryElements } from '../shape/index.js';
import { isInteger } from '../tensor/element.js';
import { bool } from './attributes.js';
import {
  alignPdpd,
  arithmetic,
  broadcastAttributes,
  broadcastRule,
  holdsSizes,
  numpyBroadcast,
  pdpdAligned,
  sameType,
  zipElements,
  zipFloats,
} from './elementwise.js';
import { numeric, op, port } from './op.js';
import { divideFloats } from './scaled.js';

/**
 * a / b with broadcasting. Integers: rounded down with `m_pythondiv`, towards zero without; by 0 gives 0.
 * Spec: OpenVINO Divide-1.
 */
export const Divide = op('Divide', {
  attributes: { ...broadcastAttributes, m_pythondiv: bool(true) },
  inputs: [port('a', numeric), port('b', numeric)],
  outputs: [port('output', numeric)],

  infer({ a, b }, { auto_broadcast, axis, m_pythondiv }, ctx) {
    const shape = ctx.broadcast(a.shape, pdpdAligned(a, b, auto_broadcast, axis), broadcastRule(auto_broadcast));
    const elements = holdsSizes(a.type)
      ? zipElements(a, b, m_pythondiv ? binaryElements.quotient : binaryElements.truncatedQuotient)
      : undefined;
    const floats = zipFloats(a, b, divideFloats);
    return { type: sameType(ctx, a, b), shape, ...(elements && { elements }), ...(floats && { floats }) };
  },

  evaluate({ a, b }, { auto_broadcast, axis, m_pythondiv }) {
    const round = m_pythondiv ? Math.floor : Math.trunc;
    const whole = isInteger(a.type);
    return arithmetic(a, alignPdpd(a, b, auto_broadcast, axis), {
      number: (x, y) => (!whole ? x / y : y === 0 ? 0 : round(x / y)),
      bigint(x, y) {
        if (y === 0n) return 0n;
        return m_pythondiv && x % y !== 0n && x < 0n !== y < 0n ? x / y - 1n : x / y;
      },
    });
  },

  decompose: (g, { a, b }, attributes) => numpyBroadcast(g, 'Divide', a, b, attributes),

  traits: { elementwise: true, inPlace: 'a' },
});

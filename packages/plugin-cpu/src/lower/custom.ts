/** @file Operations of extensions that a loaded library has kernels for → family `custom`, whose action is the operation's name. */
import { Literal, type Op } from '@cuvee/core';
import type { Lowering } from '../compile/lowering.js';

const kernels = new Set<string>();

/** Says that the process has kernels for these operations, `domain.Name`. */
export const addKernels = (names: readonly string[]): void => names.forEach((name) => kernels.add(name));

const nameOf = (op: Op): string => `${op.domain}.${op.name}`;

const custom: Lowering = {
  opens: true,
  refuse: (node) =>
    Object.values(node.attributes).some((v) => typeof v === 'object' && !Array.isArray(v))
      ? 'an attribute that JSON does not hold'
      : undefined,
  lower(c) {
    const text = new TextEncoder().encode(`${JSON.stringify(c.node.attributes)}\0`);
    const attributes = c.constantTensor(Literal.from('u8', [text.length], text), `${c.node.name}.attributes`);
    c.emit('custom', nameOf(c.node.op), [attributes, ...c.inputs()], c.outputs());
  },
};

/** The lowering of an extension's operation. */
export const customLowering = (op: Op): Lowering | undefined => (kernels.has(nameOf(op)) ? custom : undefined);

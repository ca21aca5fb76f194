/**
 * @file Operations on strings as operations on their numbers (i32): within a run each string has one, see native/runtime/strings.h.
 * Whatever moves, chooses or compares elements then serves strings as it is.
 */
import { index, only, op, port, rooms, type Fact, type Op, type Port } from '@cuvee/core';

/** Strings [..] from UTF-8 bytes to numbers: string i is symbols[begins[i]..ends[i]). */
export const StringNumbers = op('StringNumbers', {
  inputs: [port('begins', index), port('ends', index), port('symbols', only('u8'))],
  outputs: [port('output', only('i32'))],
  infer: ({ begins }) => ({ type: 'i32', shape: begins.shape }),
  traits: { impure: true }, // numbers are of one run
});

const asString = (fact: Fact, { types }: Port): Fact => (types.has('string') && !types.has('i32') ? { ...fact, type: 'string' } : fact);
const asNumber = (fact: Fact): Fact => (fact.type === 'string' ? { ...fact, type: 'i32' } : fact);
const numbers = only('i32');
const numbered = (p: Port): Port => (p.types.has('string') && !p.types.has('i32') ? { ...p, types: numbers } : p);

/** The operation over numbers where the room has strings. */
const overNumbers = (room: Op): Op => ({
  ...room,
  name: `Numbered${room.name}`,
  inputs: room.inputs.map(numbered),
  outputs: room.outputs.map(numbered),
  infer: (inputs, attributes, ctx) =>
    room
      .infer(
        inputs.map((fact, i) => fact && asString(fact, room.inputs[i] as Port)),
        attributes,
        ctx,
      )
      .map(asNumber),
  evaluate: undefined,
  decompose: undefined,
});

/** By room: the operation over numbers. Their lowerings are in `lower/strings.ts`, under the names given here. */
export const numberedOps = new Map(
  ['StringTensorUnpack', 'StringConcat', 'StringSplit', 'StringNormalizer', 'RegexFullMatch'].flatMap((name) => {
    const room = rooms.get(name);
    return room ? [[name, overNumbers(room)] as const] : [];
  }),
);

/** The room that makes strings from bytes, and the one that makes bytes of strings. */
export const packing = 'StringTensorPack';
export const unpacking = 'StringTensorUnpack';

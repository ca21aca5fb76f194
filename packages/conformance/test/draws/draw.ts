/** @file Draws of an operation: its own cases with other shapes, attributes, element types and values. The same seed gives the same draw. */
import { elementTypes, isFloat, isInteger, Literal, sizeOf, type ElementType, type Op } from '@cuvee/core';
import { Random, type Case, type Cases } from '../../../core/src/ops/cases.js';

/** An operation's cases and what they teach: the values that each attribute has in some of them. */
export interface Seeds {
  readonly room: Op;
  readonly cases: Cases;
  readonly attributes: ReadonlyMap<string, readonly unknown[]>;
}

/** The seeds of a room from its named cases and the first of its generated ones. */
export function seedsOf(room: Op, cases: Cases): Seeds {
  const known = new Map<string, Map<string, unknown>>();
  const examples = [
    ...cases.named,
    ...(cases.generate ? Array.from({ length: 12 }, (_, i) => cases.generate?.(new Random(i)) as Case) : []),
  ];
  for (const { attributes } of examples)
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (typeof value === 'object' && !Array.isArray(value)) continue;
      if (Array.isArray(value) && typeof value[0] === 'object') continue;
      if (!known.has(key)) known.set(key, new Map());
      known.get(key)?.set(JSON.stringify(value), value);
    }
  return { room, cases, attributes: new Map([...known].map(([key, values]) => [key, [...values.values()]])) };
}

/** A draw, what was changed in which case, and how much of the inputs' shapes the model shall know. */
export interface Draw {
  readonly one: Case;
  readonly how: readonly string[];
}

/** Sizes around the widths of vectors and blocks. */
const sizes = [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 67];
const mostElements = 1 << 13;

const hash = (text: string): number => [...text].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 0x01000193), 0x811c9dc5);

/** The draw of a seed. */
export function draw(seeds: Seeds, seed: number): Draw {
  const { room, cases } = seeds;
  const random = new Random(hash(`${room.name} ${seed}`));
  const { named, generate } = cases;
  const generated = generate && random.next() < 0.6;
  const which = random.int(0, named.length - 1);
  let one: Case = generated ? generate(random) : (named[which] as Case);
  const how = [generated ? 'generated' : (named[which]?.name ?? `case ${which}`)];
  one = { attributes: one.attributes, inputs: one.inputs, constants: one.constants };
  // Other counts and conditions may make loops that never end.
  const kinds = room.traits.control
    ? [size, rank, type, broadcast, constancy]
    : [attribute, attribute, size, size, size, rank, type, type, broadcast, values, values, special, constancy, arity];
  const changes = random.pick([0, 1, 1, 1, 2, 2, 3]);
  for (let i = 0; i < changes; i++) {
    const kind = random.pick(kinds);
    const next = kind(seeds, one, random);
    if (!next) continue;
    one = next;
    how.push(kind.name);
  }
  return { one, how };
}

/** A literal's elements. */
const elementsOf = (x: Literal): readonly (number | bigint | string)[] => Array.from(x.nd().data as ArrayLike<number | bigint | string>);

type Change = (seeds: Seeds, one: Case, random: Random) => Case | undefined;

const withInput = (one: Case, at: number, input: Literal | undefined): Case => ({ ...one, inputs: one.inputs.with(at, input) });

/** An attribute gets a value that another case has, another word, or a neighbouring number. */
const attribute: Change = ({ room, attributes }, one, random) => {
  const keys = Object.keys(room.schema).filter((k) => !['body', 'ports', 'literal', 'shape'].includes(room.schema[k]?.kind as string));
  if (keys.length === 0) return undefined;
  const key = random.pick(keys);
  const spec = room.schema[key] as Op['schema'][string];
  const old = one.attributes?.[key] ?? spec.default;
  const others = attributes.get(key) ?? [];
  const value = others.length > 1 && random.next() < 0.4 ? random.pick(others) : otherValue(spec.kind, spec.words, old, random);
  if (value === undefined) return undefined;
  return { ...one, attributes: { ...one.attributes, [key]: value } };
};

function otherValue(kind: string, words: readonly string[] | undefined, old: unknown, random: Random): unknown {
  const moved = (n: number): number => random.pick([n + 1, n - 1, 2 * n, -n, 0, 1, 2, 3]);
  switch (kind) {
    case 'bool':
      return old !== true;
    case 'enum':
      return random.pick(words as string[]);
    case 'type':
      return random.pick(['f32', 'i64', 'i32', 'f16', 'u8', 'boolean']);
    case 'int':
      return moved(typeof old === 'number' ? old : 1);
    case 'float':
      return (typeof old === 'number' ? old : 1) * random.pick([0.5, 2, 1.25, -1, 0]) + random.pick([0, 0, 0.125]);
    case 'ints':
    case 'floats': {
      const list = Array.isArray(old) ? (old as number[]) : [];
      const turn = random.int(0, 5);
      if (turn === 0) return list.slice(1);
      if (turn === 1) return [...list, random.pick([0, 1, 2])];
      if (list.length === 0) return [random.int(0, 3)];
      const at = random.int(0, list.length - 1);
      return list.with(at, kind === 'ints' ? moved(list[at] as number) : (list[at] as number) * random.pick([0.5, 2, 1.25, -1]));
    }
    default:
      return undefined;
  }
}

/** Values like the old ones in another shape: floats anew within the same range, everything else drawn from what is there. */
function like(old: Literal, shape: readonly number[], random: Random, type: ElementType = old.type): Literal {
  const n = sizeOf(shape);
  const { data } = old.nd();
  if (data.length === 0)
    return Literal.from(
      type,
      shape,
      Array.from({ length: n }, () => blank(type)),
    );
  if (isFloat(old.type)) {
    const finite = Array.from(data as ArrayLike<number>).filter(Number.isFinite);
    const [lo, hi] = finite.length > 0 ? [Math.min(...finite), Math.max(...finite)] : [0, 1];
    if (!finite.every(Number.isInteger))
      return Literal.from(
        type,
        shape,
        Array.from({ length: n }, () => lo + random.next() * (hi - lo)),
      );
  }
  return Literal.from(
    type,
    shape,
    Array.from({ length: n }, () => data[random.int(0, data.length - 1)] as number),
  );
}

const blank = (type: ElementType): number | string => (type === 'string' ? '' : 0);

/** All inputs in new shapes; undefined where they would be too large. */
function reshaped(one: Case, random: Random, shape: (shape: readonly number[], i: number) => readonly number[]): Case | undefined {
  let changed = false;
  const inputs = one.inputs.map((input, i) => {
    if (!input) return input;
    const next = shape(input.shape, i);
    if (sizeOf(next) > mostElements) return undefined;
    if (next.join() === input.shape.join()) return input;
    changed = true;
    return like(input, next, random);
  });
  return changed && inputs.every((x, i) => x || !one.inputs[i]) ? { ...one, inputs } : undefined;
}

/** A size that inputs have becomes another: everywhere, in one input, or at one place. */
const size: Change = (_, one, random) => {
  const all = [...new Set(one.inputs.flatMap((x) => x?.shape ?? []))];
  if (all.length === 0) return undefined;
  const old = random.pick(all);
  const next = random.next() < 0.5 ? random.pick(sizes) : random.pick([old + 1, Math.max(0, old - 1), 2 * old, 1]);
  const only = random.next() < 0.5 ? random.int(0, one.inputs.length - 1) : undefined;
  const axis = random.next() < 0.4 ? random.int(0, 3) : undefined;
  return reshaped(one, random, (shape, i) =>
    only !== undefined && only !== i ? shape : shape.map((d, k) => (d === old && (axis === undefined || axis === k) ? next : d)),
  );
};

/** Inputs get an axis, or lose one. */
const rank: Change = (_, one, random) => {
  const only = random.next() < 0.5 ? random.int(0, one.inputs.length - 1) : undefined;
  const at = random.int(0, 4);
  const more = random.next() < 0.6;
  const length = random.pick([1, 1, 2, 3]);
  return reshaped(one, random, (shape, i) => {
    if (only !== undefined && only !== i) return shape;
    return more ? shape.toSpliced(Math.min(at, shape.length), 0, length) : shape.toSpliced(Math.min(at, shape.length - 1), 1);
  });
};

/** Axes of one input become 1, or its leading axes go. */
const broadcast: Change = (_, one, random) => {
  const only = random.int(0, one.inputs.length - 1);
  return reshaped(one, random, (shape, i) => (i === only ? random.broadcastable(shape) : shape));
};

const common: readonly ElementType[] = ['f32', 'f16', 'bf16', 'f64', 'i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'boolean'];

/** The inputs of one type get another that the room allows them, the attribute that names it, too. */
const type: Change = ({ room }, one, random) => {
  const present = [...new Set(one.inputs.flatMap((x) => (x && x.type !== 'string' ? [x.type] : [])))];
  if (present.length === 0) return undefined;
  const old = random.pick(present);
  const alone = random.next() < 0.15 ? random.int(0, one.inputs.length - 1) : undefined;
  const affected = (i: number): boolean => one.inputs[i]?.type === old && (alone === undefined || alone === i);
  const ports = one.inputs.flatMap((_, i) => (affected(i) ? [room.inputs[Math.min(i, room.inputs.length - 1)]] : []));
  if (ports.length === 0) return undefined;
  // Narrow types are stored and moved, not computed in.
  const pool = (random.next() < 0.85 || !room.traits.moves ? common : elementTypes).filter(
    (t) => t !== old && t !== 'string' && t !== 'dynamic' && ports.every((p) => p?.types.has(t)),
  );
  if (pool.length === 0) return undefined;
  const next = random.pick(pool);
  const inputs = one.inputs.map((x, i) => (x && affected(i) ? converted(x, next) : x));
  const follows = Object.entries(one.attributes ?? {}).map(([key, v]) => [key, v === old && random.next() < 0.7 ? next : v]);
  return { ...one, inputs, attributes: one.attributes && Object.fromEntries(follows) };
};

/** The values as another type has them: within its range, whole for integers. */
function converted(old: Literal, type: ElementType): Literal {
  const [lo, hi] = rangeOf(type);
  const values = Array.from(old.nd().data as ArrayLike<number | bigint>, (x) => {
    const n = Number(x);
    if (type === 'boolean') return n === 0 ? 0 : 1;
    if (isFloat(type)) return n;
    return Number.isFinite(n) ? Math.min(hi, Math.max(lo, Math.round(n))) : 0;
  });
  return Literal.from(type, old.shape, values);
}

const bits: Partial<Record<ElementType, number>> = { u1: 1, u2: 2, i2: 2, u3: 3, u4: 4, i4: 4, u6: 6, u8: 8, i8: 8, u16: 16, i16: 16 };

/** Whole numbers that an integer type holds and that every integer type from 32 bits on may well be given. */
function rangeOf(type: ElementType): readonly [number, number] {
  const n = bits[type] ?? 31;
  return type.startsWith('u') ? [0, 2 ** n - 1] : [-(2 ** (n - 1)), 2 ** (n - 1) - 1];
}

/** One input's values anew: as before, negative, larger, or neighbours of what they were. */
const values: Change = (_, one, random) => {
  const at = random.int(0, one.inputs.length - 1);
  const input = one.inputs[at];
  if (!input || input.type === 'string' || input.size === 0) return undefined;
  const [lo, hi] = rangeOf(input.type);
  const integer = isInteger(input.type);
  const factor = random.pick([-1, 1, 1, 2, 0.5, 10]);
  const shift = random.pick([0, 0, 1, -1]);
  const only = random.next() < 0.5 ? random.int(0, input.size - 1) : undefined;
  const next = elementsOf(input).map((x, i) => {
    if (only !== undefined && only !== i) return x;
    if (input.type === 'boolean') return random.int(0, 1);
    const n = Number(x) * factor + shift;
    return integer ? Math.min(hi, Math.max(lo, Math.round(n))) : n;
  });
  return withInput(one, at, Literal.from(input.type, input.shape, next));
};

/** One element becomes what arithmetic treats apart: NaN, infinities, zeros, the type's limits. */
const special: Change = ({ room }, one, random) => {
  const { elementwise, moves, mixes } = room.traits;
  const at = elementwise ? random.int(0, one.inputs.length - 1) : 0;
  const input = one.inputs[at];
  // What comes of an infinity that is weighed with zero depends on the order of sums.
  if (!input || input.size === 0 || room.inputs[at]?.rank === 'one' || !(elementwise || moves || mixes)) return undefined;
  const next = [...elementsOf(input)];
  const [lo, hi] = rangeOf(input.type);
  const choices: readonly (number | string)[] =
    input.type === 'string'
      ? ['', 'ä€😀', 'a b']
      : isFloat(input.type)
        ? [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 0.5, 1e-30, 1e30]
        : input.type === 'boolean'
          ? [0, 1]
          : [0, lo, hi, hi - 1, -1 < lo ? 0 : -1];
  next[random.int(0, next.length - 1)] = random.pick(choices);
  return withInput(one, at, Literal.from(input.type, input.shape, next));
};

/** A constant becomes a parameter, or the other way about. */
const constancy: Change = (_, one, random) => {
  const at = random.int(0, one.inputs.length - 1);
  const old = one.constants ?? [];
  return { ...one, constants: old.includes(at) ? old.filter((i) => i !== at) : [...old, at] };
};

/** An optional input goes, or one of many comes twice. */
const arity: Change = ({ room }, one, random) => {
  const last = room.inputs.at(-1);
  const input = one.inputs.at(-1);
  if (last?.arity === 'many' && one.inputs.length >= room.inputs.length && input && one.inputs.length < 6)
    return { ...one, inputs: random.next() < 0.7 ? [...one.inputs, like(input, input.shape, random)] : one.inputs.slice(0, -1) };
  if (last?.arity === 'optional' && one.inputs.length === room.inputs.length) return { ...one, inputs: one.inputs.slice(0, -1) };
  return undefined;
};

/** A draw in one line. */
export const described = ({ one, how }: Draw): string => {
  const inputs = one.inputs.map((x, i) => {
    if (!x) return 'none';
    const few = x.size <= 8 ? ` ${elementsOf(x).join(' ')}` : '';
    return `${one.constants?.includes(i) ? 'constant ' : ''}${x.type} [${x.shape.join(',')}]${few}`;
  });
  const attributes = Object.entries(one.attributes ?? {}).filter(([, v]) => typeof v !== 'object' || Array.isArray(v));
  return `${inputs.join('; ')} ${JSON.stringify(Object.fromEntries(attributes))} (${how.join(', ')})`;
};

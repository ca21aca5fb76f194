import type { EvaluateContext } from '../ir/interpret.js';
import { CuveeError } from '../errors.js';
import type { ElementType } from '../tensor/element.js';
import { isFloat } from '../tensor/element.js';
import { numbersOf, zeros, type NdArray } from '../tensor/nd.js';
import { elementType, int, oneOf } from './attributes.js';
import { mersenneTwister, philox } from './generators.js';
import { index, numeric, op, port } from './op.js';

/** Bits of the mantissa that a random pattern fills. */
const mantissa: Partial<Record<ElementType, number>> = { f16: 10, bf16: 7, f32: 23 };

/** A float in [0, 1) from the low bits of one 32-bit number: 1.xxx - 1. */
const fraction = (type: ElementType, x: number): number => {
  const bits = mantissa[type] ?? 23;
  return (x & (2 ** bits - 1)) / 2 ** bits;
};

/**
 * Numbers uniform in [min, max). Seeds that are not both 0 give the same sequence on every device; further runs continue it.
 *
 * tensorflow: Philox 4x32-10, the key is `global_seed`, the upper half of the counter `op_seed`. pytorch: Mersenne twister seeded with
 * `global_seed`, 24 bits per float. Both 0: a sequence of its own each time.
 * Spec: OpenVINO RandomUniform-8.
 */
export const RandomUniform = op('RandomUniform', {
  attributes: {
    output_type: elementType(),
    op_seed: int(0),
    global_seed: int(0),
    alignment: oneOf(['tensorflow', 'pytorch'], 'tensorflow'),
  },
  inputs: [port('shape', index), port('min_val', numeric, 'one'), port('max_val', numeric, 'one')],
  outputs: [port('output', numeric)],
  since: { opset8: {} },

  infer({ shape, min_val, max_val }, { output_type }, ctx) {
    for (const { type } of [min_val, max_val])
      if (type !== output_type) ctx.typeMismatch(`the limits are ${type}, the numbers ${output_type}`);
    const count = shape.shape?.[0];
    return { type: output_type, shape: ctx.dims(shape) ?? (typeof count === 'number' ? ctx.freshShape(count) : undefined) };
  },

  evaluate({ shape, min_val, max_val }, a, ctx) {
    const sizes = numbersOf(shape);
    if (sizes.some((size) => size < 0)) throw new CuveeError('ARGUMENT_INVALID', `the sizes are [${sizes.join(',')}]`);
    const low = Number(min_val.data[0]);
    const span = Number(max_val.data[0]) - low;
    if (!(span > 0)) throw new CuveeError('ARGUMENT_INVALID', `the range from ${low} to ${low + span} is empty`);
    const out = zeros(a.output_type, sizes);
    const data = out.data as unknown as (number | bigint)[];
    const unseeded = a.op_seed === 0 && a.global_seed === 0;
    const key = unseeded ? Math.floor(Math.random() * 2 ** 32) : a.global_seed;
    if (a.alignment === 'pytorch') fillByTwister(data, a.output_type, key, low, span);
    else fillByPhilox(data, a.output_type, BigInt.asUintN(64, BigInt(key)), BigInt.asUintN(64, BigInt(a.op_seed)), low, span, ctx);
    return out;
  },

  traits: { impure: true },
});

type Data = (number | bigint)[];

/** The largest f32 that a rounded product may reach without leaving the range. */
const scaled = (type: ElementType, part: number, low: number, span: number): number => {
  const value = type === 'f64' ? part * span + low : Math.fround(Math.fround(part * Math.fround(span)) + Math.fround(low));
  return value >= low + span ? low : value;
};

function fillByTwister(data: Data, type: ElementType, seed: number, low: number, span: number): void {
  const next = mersenneTwister(seed >>> 0);
  for (let i = 0; i < data.length; i++) {
    if (type === 'i64' || type === 'u64') data[i] = BigInt(low) + (((BigInt(next()) << 32n) | BigInt(next())) % BigInt(span));
    else if (!isFloat(type)) data[i] = (next() % span) + low;
    else data[i] = scaled(type, (next() & 0xffffff) / 2 ** 24, low, span);
  }
}

/** The position in the sequence is kept from run to run where the run keeps variables. */
function fillByPhilox(data: Data, type: ElementType, key: bigint, seed: bigint, low: number, span: number, ctx: EvaluateContext): void {
  const name = `${ctx.node.op.name} ${ctx.node.id}`;
  let n = (ctx.read(name)?.data[0] as bigint | undefined) ?? 0n;
  const wide = type === 'f64' || type === 'i64' || type === 'u64';
  for (let i = 0; i < data.length; n++) {
    const block = philox(key, n, seed);
    for (let k = 0; k < 4 && i < data.length; k += wide ? 2 : 1, i++) {
      const x = block[k] as number;
      const y = block[k + 1] ?? 0;
      if (type === 'f64') data[i] = scaled(type, ((y & 0xfffff) * 2 ** 32 + x) / 2 ** 52, low, span);
      else if (wide) data[i] = BigInt(low) + (((BigInt(y) << 32n) | BigInt(x)) % BigInt(span));
      else if (!isFloat(type)) data[i] = (x % span) + low;
      else data[i] = scaled(type, fraction(type, x), low, span);
    }
  }
  ctx.assign(name, { type: 'u64', shape: [], data: BigUint64Array.of(n) } satisfies NdArray);
}

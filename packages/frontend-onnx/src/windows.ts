/** Attributes that convolutions and poolings share: kernel, strides, dilations, pads, in IR's spelling. */
import { spatialList, upTo, type AnyNode } from './build.js';

/** Window attributes as the rooms take them. */
export interface WindowAttributes {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads_begin: readonly number[];
  readonly pads_end: readonly number[];
  readonly auto_pad: 'explicit' | 'same_upper' | 'same_lower' | 'valid';
}

const words = { NOTSET: 'explicit', SAME_UPPER: 'same_upper', SAME_LOWER: 'same_lower', VALID: 'valid' } as const;

/** Reads and checks them for `count` spatial axes. Explicit pads beside `auto_pad` are ignored, as in ONNX. */
export function windowAttributes(node: AnyNode, count: number): WindowAttributes {
  const text = node.attr.text('auto_pad', 'NOTSET');
  const auto_pad = words[(text === '' ? 'NOTSET' : text) as keyof typeof words];
  if (!auto_pad) throw node.invalid(`attribute "auto_pad" is ${JSON.stringify(text.slice(0, 60))}`);
  const strides = spatialList(node, 'strides', count, 1, 1);
  const dilations = spatialList(node, 'dilations', count, 1, 1);
  const pads = node.attr.ints(
    'pads',
    upTo(2 * count).map(() => 0),
  );
  if (pads.length !== 2 * count) throw node.invalid(`attribute "pads" has ${pads.length} entries for ${count} axes`);
  if (pads.some((p) => Math.abs(p) > 0x7fffffff)) throw node.invalid(`attribute "pads" is [${pads.join(',')}]`);
  const explicit = auto_pad === 'explicit';
  return {
    strides,
    dilations,
    pads_begin: upTo(count).map((i) => (explicit ? (pads[i] as number) : 0)),
    pads_end: upTo(count).map((i) => (explicit ? (pads[i + count] as number) : 0)),
    auto_pad,
  };
}

import type { Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { numbersOf } from '../tensor/nd.js';
import { index, only, op, port, string } from './op.js';

/** Strings from UTF-8 bytes: string i is symbols[begins[i]..ends[i]). Spec: OpenVINO StringTensorPack-15. */
export const StringTensorPack = op('StringTensorPack', {
  inputs: [port('begins', index), port('ends', index), port('symbols', only('u8'), 1)],
  outputs: [port('output', string)],
  since: { opset15: {} },

  infer({ begins, ends }, _, ctx) {
    if (!begins.shape || !ends.shape) return { type: 'string', shape: begins.shape ?? ends.shape };
    if (begins.shape.length !== ends.shape.length) ctx.fail(`begins have rank ${begins.shape.length}, ends ${ends.shape.length}`);
    return {
      type: 'string',
      shape: begins.shape.map((d, i) => ctx.requireEqual(`dimension ${i} of begins and ends`, d, ends.shape?.[i] as Dim)),
    };
  },

  evaluate({ begins, ends, symbols }) {
    const decoder = new TextDecoder();
    const bytes = symbols.data as Uint8Array;
    const to = numbersOf(ends);
    numbersOf(begins).forEach((from, i) => {
      if (from < 0 || from > (to[i] as number) || (to[i] as number) > bytes.length)
        throw new CuveeError('ARGUMENT_INVALID', `string ${i} goes from ${from} to ${to[i]} of ${bytes.length} bytes`);
    });
    return { type: 'string', shape: begins.shape, data: numbersOf(begins).map((from, i) => decoder.decode(bytes.subarray(from, to[i]))) };
  },
});

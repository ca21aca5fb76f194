import { cases, f32, i64 } from './cases.js';

const size = i64([2], [1, 3]);
const kernel = i64([2], [1, 2]);
const columns = f32([1, 2, 2], [1, 2, 30, 40]);

export default cases('Col2Im', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'overlap is summed', inputs: [columns, size, kernel], constants: [1, 2], outputs: [f32([1, 1, 1, 3], [1, 32, 40])] },
    {
      name: 'padding is dropped',
      attributes: { pads_begin: [0, 1], pads_end: [0, 0] },
      inputs: [columns, i64([2], [1, 2]), kernel],
      constants: [1, 2],
      outputs: [f32([1, 1, 1, 2], [32, 40])],
    },
    {
      name: 'along one axis',
      attributes: { strides: [1], dilations: [1], pads_begin: [0], pads_end: [0] },
      inputs: [columns, i64([1], [3]), i64([1], [2])],
      constants: [1, 2],
      outputs: [f32([1, 1, 3], [1, 32, 40])],
    },
    { name: 'no batch', inputs: [f32([2, 2], [1, 2, 30, 40]), size, kernel], constants: [1, 2], outputs: [f32([1, 1, 3], [1, 32, 40])] },
  ],
  generate: (random) => {
    const [kh, kw, h, w] = [random.int(1, 3), random.int(1, 3), random.int(4, 6), random.int(4, 6)];
    const [sh, sw] = [random.int(1, 2), random.int(1, 2)];
    const places = (Math.floor((h + 1 - kh) / sh) + 1) * (Math.floor((w + 1 - kw) / sw) + 1);
    return {
      attributes: { strides: [sh, sw], pads_begin: [1, 0], pads_end: [0, 1] },
      inputs: [
        random.tensor(random.pick(['f32', 'f64', 'i32', 'i64']), [2, random.int(1, 2) * kh * kw, places]),
        i64([2], [h, w]),
        i64([2], [kh, kw]),
      ],
      constants: random.pick([[1, 2], [1], []]),
    };
  },
});

import { cases, f32, i64 } from './cases.js';

const x = f32([4], [1, 2, 3, 4]);
const two = (a: number, b: number): [ReturnType<typeof i64>, ReturnType<typeof i64>] => [i64([1], [a]), i64([1], [b])];

/** Every mode, a value, cutting, both axes of a matrix, an empty axis. */
export default cases('Pad', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'constant',
      attributes: { pad_mode: 'constant' },
      inputs: [x, ...two(1, 2)],
      constants: [1, 2],
      outputs: [f32([7], [0, 1, 2, 3, 4, 0, 0])],
    },
    {
      name: 'value',
      attributes: { pad_mode: 'constant' },
      inputs: [i64([1], [5]), ...two(1, 1), i64([], [-1])],
      constants: [1, 2],
      outputs: [i64([3], [-1, 5, -1])],
    },
    {
      name: 'edge',
      attributes: { pad_mode: 'edge' },
      inputs: [x, ...two(2, 1)],
      constants: [1, 2],
      outputs: [f32([7], [1, 1, 1, 2, 3, 4, 4])],
    },
    {
      name: 'reflect',
      attributes: { pad_mode: 'reflect' },
      inputs: [x, ...two(3, 2)],
      constants: [1, 2],
      outputs: [f32([9], [4, 3, 2, 1, 2, 3, 4, 3, 2])],
    },
    {
      name: 'symmetric',
      attributes: { pad_mode: 'symmetric' },
      inputs: [x, ...two(2, 4)],
      constants: [1, 2],
      outputs: [f32([10], [2, 1, 1, 2, 3, 4, 4, 3, 2, 1])],
    },
    {
      name: 'cuts and adds',
      attributes: { pad_mode: 'constant' },
      inputs: [x, ...two(-1, 1)],
      constants: [1, 2],
      outputs: [f32([4], [2, 3, 4, 0])],
    },
    {
      name: 'an empty axis',
      attributes: { pad_mode: 'constant' },
      inputs: [f32([0, 1], []), i64([2], [1, 0]), i64([2], [0, 1])],
      constants: [1, 2],
      outputs: [f32([1, 2], [0, 0])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [2, 5] });
    const pads = (): ReturnType<typeof i64> =>
      i64(
        [shape.length],
        shape.map(() => random.int(0, 1)),
      );
    return {
      attributes: { pad_mode: random.pick(['constant', 'edge', 'reflect', 'symmetric']) },
      inputs: [random.tensor('f32', shape), pads(), pads()],
      constants: [1, 2],
    };
  },
});

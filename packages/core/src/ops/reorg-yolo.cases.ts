import { cases, f32 } from './cases.js';

export default cases('ReorgYolo', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    // Read as one channel of 4 by 4, whose 2 by 2 cells give the channels.
    {
      name: 'one cell',
      attributes: { stride: [2] },
      inputs: [
        f32(
          [1, 4, 2, 2],
          Array.from({ length: 16 }, (_, i) => i),
        ),
      ],
      outputs: [f32([1, 16, 1, 1], [0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15])],
    },
  ],
  generate: (random) => {
    const s = random.int(1, 3);
    return {
      attributes: { stride: [s] },
      inputs: [random.tensor('f32', [random.int(1, 2), s * s * random.int(1, 2), s * random.int(1, 2), s * random.int(1, 2)])],
    };
  },
});

import { cases, f32 } from './cases.js';

const x = f32([1, 2, 2, 2], [0, 2, 4, 6, 1, 3, 5, 7]);

/** Both modes. */
export default cases('SpaceToDepth', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'blocks first',
      attributes: { block_size: 2, mode: 'blocks_first' },
      inputs: [x],
      outputs: [f32([1, 8, 1, 1], [0, 1, 2, 3, 4, 5, 6, 7])],
    },
    {
      name: 'depth first',
      attributes: { block_size: 2, mode: 'depth_first' },
      inputs: [x],
      outputs: [f32([1, 8, 1, 1], [0, 2, 4, 6, 1, 3, 5, 7])],
    },
  ],
  generate: (random) => {
    const b = random.int(1, 3);
    const spatial = random.shape({ rank: [1, 3], dim: [1, 3] }).map((d) => d * b);
    return {
      attributes: { block_size: b, mode: random.pick(['blocks_first', 'depth_first']) },
      inputs: [random.tensor('f32', [random.int(1, 2), random.int(1, 3), ...spatial])],
    };
  },
});

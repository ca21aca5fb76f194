import { bool, cases, f32 } from './cases.js';

// One key is ln 3 above the other: weights 3/4 and 1/4.
const query = f32([1, 1], [1]);
const key = f32([2, 1], [Math.log(3), 0]);
const value = f32([2, 2], [4, 0, 0, 8]);

export default cases('ScaledDotProductAttention', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'two keys', inputs: [query, key, value], outputs: [f32([1, 2], [3, 2])] },
    { name: 'scale instead of mask', inputs: [query, key, value, f32([], [0]), f32([], [2])], outputs: [f32([1, 2], [3.6, 0.8])] },
    { name: 'boolean mask', inputs: [query, key, value, bool([1, 2], [0, 1])], outputs: [f32([1, 2], [0, 8])] },
    { name: 'added mask', inputs: [query, key, value, f32([2], [0, Math.log(3)])], outputs: [f32([1, 2], [2, 4])] },
    { name: 'causal', attributes: { causal: true }, inputs: [f32([2, 1], [1, 1]), key, value], outputs: [f32([2, 2], [4, 0, 3, 2])] },
    { name: 'keys shared by heads', inputs: [f32([2, 1, 1], [1, 0]), key, value], outputs: [f32([2, 1, 2], [3, 2, 2, 4])] },
  ],
  generate: (random) => {
    const batch = random.shape({ rank: [0, 2], dim: [1, 3] });
    const [l, s, e, v] = [random.int(1, 4), random.int(1, 5), random.int(1, 6), random.int(1, 4)];
    const mask = random.pick([undefined, random.tensor('f32', [l, s]), random.tensor('f32', [...batch, 1, s])]);
    return {
      attributes: { causal: random.next() < 0.3 },
      inputs: [
        random.tensor('f32', [...batch, l, e]),
        random.tensor('f32', [...batch, s, e]),
        random.tensor('f32', [...batch, s, v]),
        ...(mask ? [mask] : []),
      ],
    };
  },
});

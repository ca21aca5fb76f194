import { cases, i32, u8 } from './cases.js';

export default cases('BitwiseLeftShift', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'signed', inputs: [i32([3], [1, -2, 0]), i32([], [2])], outputs: [i32([3], [4, -8, 0])] },
    { name: 'bytes', inputs: [u8([2], [1, 128]), u8([2], [2, 1])], outputs: [u8([2], [4, 0])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('i32', shape, -100, 100), random.tensor('i32', random.broadcastable(shape), 0, 8)] };
  },
});

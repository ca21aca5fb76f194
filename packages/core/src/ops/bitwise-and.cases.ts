import { bool, cases, i32, i64, u8 } from './cases.js';

export default cases('BitwiseAnd', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'signed', inputs: [i32([3], [12, -1, -8]), i32([3], [6, 5, 3])], outputs: [i32([3], [4, 5, 0])] },
    { name: 'bytes, scalar', inputs: [u8([3], [255, 129, 2]), u8([], [131])], outputs: [u8([3], [131, 129, 2])] },
    { name: '64 bits', inputs: [i64([1], [1099511627776n]), i64([1], [1099511627783n])], outputs: [i64([1], [1099511627776n])] },
    { name: 'booleans', inputs: [bool([2, 1], [0, 1]), bool([2], [0, 1])], outputs: [bool([2, 2], [0, 0, 0, 1])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('i32', shape, -100, 100), random.tensor('i32', random.broadcastable(shape), -100, 100)] };
  },
});

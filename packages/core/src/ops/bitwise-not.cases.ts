import { bool, cases, i32, i64, u8 } from './cases.js';

export default cases('BitwiseNot', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'signed', inputs: [i32([3], [0, -1, 5])], outputs: [i32([3], [-1, 0, -6])] },
    { name: 'bytes', inputs: [u8([2], [0, 129])], outputs: [u8([2], [255, 126])] },
    { name: '64 bits', inputs: [i64([], [1])], outputs: [i64([], [-2])] },
    { name: 'booleans', inputs: [bool([2], [0, 1])], outputs: [bool([2], [1, 0])] },
  ],
  generate: (random) => ({ inputs: [random.tensor('i32', random.shape({ rank: [0, 4], dim: [1, 6] }), -100, 100)] }),
});

import { Literal } from '../tensor/literal.js';
import { cases, i32, u8 } from './cases.js';

/** Three words, one of them empty; none at all. */
export default cases('StringTensorUnpack', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'three words',
      inputs: [Literal.from('string', [3], ['hi', '', '€'])],
      outputs: [i32([3], [0, 2, 2]), i32([3], [2, 2, 5]), u8([5], [104, 105, 0xe2, 0x82, 0xac])],
    },
    { name: 'none', inputs: [Literal.from('string', [0], [])], outputs: [i32([0], []), i32([0], []), u8([0], [])] },
  ],
});

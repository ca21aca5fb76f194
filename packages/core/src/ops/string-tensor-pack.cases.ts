import { Literal } from '../tensor/literal.js';
import { cases, i64, u8 } from './cases.js';

/** Three words, one of them empty. */
export default cases('StringTensorPack', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'three words',
      inputs: [i64([3], [0, 2, 2]), i64([3], [2, 2, 5]), u8([5], [104, 105, 0xe2, 0x82, 0xac])],
      outputs: [Literal.from('string', [3], ['hi', '', '€'])],
    },
  ],
});

import { cases, i64, strings } from './cases.js';

/** At commas, at white space, a limited number of times, nothing at all. */
export default cases('StringSplit', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'commas',
      attributes: { delimiter: ',' },
      inputs: [strings([2], ['a,,b', 'c'])],
      outputs: [strings([2, 3], ['a', '', 'b', 'c', '', '']), i64([2], [3, 1])],
    },
    {
      name: 'white space, once',
      attributes: { maxsplit: 1 },
      inputs: [strings([2], ['  a b  c ', ''])],
      outputs: [strings([2, 2], ['a', 'b  c ', '', '']), i64([2], [2, 0])],
    },
    { name: 'nothing', inputs: [strings([0], [])], outputs: [strings([0, 0], []), i64([0], [])] },
  ],
});

import { bool, cases, strings } from './cases.js';

/** The whole string counts. */
export default cases('RegexFullMatch', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'the whole string',
      attributes: { pattern: 'a+|bc' },
      inputs: [strings([2, 2], ['aaa', 'aab', 'bc', ''])],
      outputs: [bool([2, 2], [1, 0, 1, 0])],
    },
  ],
});

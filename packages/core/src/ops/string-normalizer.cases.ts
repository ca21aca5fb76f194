import { cases, strings } from './cases.js';

/** Case and stop words. */
export default cases('StringNormalizer', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'a stop word in another case',
      attributes: { case_change_action: 'UPPER', stopwords: ['monday'] },
      inputs: [strings([1, 3], ['Monday', 'tuesday', 'éa'])],
      outputs: [strings([1, 2], ['TUESDAY', 'ÉA'])],
    },
    {
      name: 'case matters',
      attributes: { is_case_sensitive: true, stopwords: ['monday'] },
      inputs: [strings([2], ['Monday', 'monday'])],
      outputs: [strings([1], ['Monday'])],
    },
    { name: 'nothing is left', attributes: { stopwords: ['a'] }, inputs: [strings([2], ['a', 'A'])], outputs: [strings([1], [''])] },
  ],
});

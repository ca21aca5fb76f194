import { bool, cases, f32 } from './cases.js';

const specials = f32([4], [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);

export default cases('IsInf', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'both signs', inputs: [specials], outputs: [bool([4], [0, 0, 1, 1])] },
    { name: 'negative', attributes: { detect_positive: false }, inputs: [specials], outputs: [bool([4], [0, 0, 0, 1])] },
    {
      name: 'none',
      attributes: { detect_positive: false, detect_negative: false },
      inputs: [specials],
      outputs: [bool([4], [0, 0, 0, 0])],
    },
  ],
});

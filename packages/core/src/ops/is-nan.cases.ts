import { bool, cases, f32 } from './cases.js';

export default cases('IsNaN', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'specials',
      inputs: [f32([4], [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])],
      outputs: [bool([4], [0, 1, 0, 0])],
    },
  ],
  generate: (random) => ({ inputs: [f32([3], [random.next(), random.pick([0, Number.NaN]), random.pick([0, Number.POSITIVE_INFINITY])])] }),
});

import { bool, cases } from './cases.js';

export default cases('LogicalNot', {
  tolerance: { rtol: 0, atol: 0 },
  named: [{ name: 'both', inputs: [bool([2], [0, 1])], outputs: [bool([2], [1, 0])] }],
  generate: (random) => ({ inputs: [random.tensor('boolean', random.shape({ rank: [0, 4], dim: [1, 6] }))] }),
});

import { bool, cases } from './cases.js';

export default cases('LogicalOr', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'truth table by broadcasting', inputs: [bool([2, 1], [0, 1]), bool([2], [0, 1])], outputs: [bool([2, 2], [0, 1, 1, 1])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('boolean', shape), random.tensor('boolean', random.broadcastable(shape))] };
  },
});

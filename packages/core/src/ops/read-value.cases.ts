import { cases, f32 } from './cases.js';

const attributes = { variable_id: 'v', variable_type: 'f32', variable_shape: '2' };

/** A fresh state: with an initial value, and without. */
export default cases('ReadValue', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'initial value', attributes, inputs: [f32([2], [1, 2])], outputs: [f32([2], [1, 2])] },
    { name: 'zeros', attributes, inputs: [], outputs: [f32([2], [0, 0])] },
  ],
});

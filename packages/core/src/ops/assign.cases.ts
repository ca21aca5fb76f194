import { cases, f32 } from './cases.js';

/** The value passes through. */
export default cases('Assign', {
  tolerance: { rtol: 0, atol: 0 },
  named: [{ name: 'passes on', attributes: { variable_id: 'v' }, inputs: [f32([2], [1, 2])], outputs: [f32([2], [1, 2])] }],
});

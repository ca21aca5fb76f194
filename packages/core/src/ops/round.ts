import { oneOf } from './attributes.js';
import { unary } from './elementwise.js';
import { roundFloat } from './scaled.js';
import { roundHalfAway, roundHalfEven } from './special.js';

/** The nearest whole number; halves go to the even neighbour or away from zero. Spec: OpenVINO Round-5. */
export const Round = unary(
  'Round',
  {
    number: (x, { mode }) => (mode === 'half_to_even' ? roundHalfEven(x) : roundHalfAway(x)),
    bigint: (x) => x,
    symbolic: (x) => x,
    floats: (x, { mode }) => (mode === 'half_to_even' ? roundFloat(x, 'round') : undefined),
  },
  { attributes: { mode: oneOf(['half_to_even', 'half_away_from_zero'], 'half_to_even') }, since: 5 },
);

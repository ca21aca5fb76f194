import { cases, f32 } from './cases.js';

/** Channels, the last axis. */
export default cases('ShuffleChannels', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'channels',
      attributes: { axis: 1, group: 2 },
      inputs: [f32([1, 6, 1, 1], [1, 2, 3, 4, 5, 6])],
      outputs: [f32([1, 6, 1, 1], [1, 4, 2, 5, 3, 6])],
    },
    {
      name: 'last axis',
      attributes: { axis: -1, group: 3 },
      inputs: [f32([1, 6], [1, 2, 3, 4, 5, 6])],
      outputs: [f32([1, 6], [1, 3, 5, 2, 4, 6])],
    },
  ],
});

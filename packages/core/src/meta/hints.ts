/** @file Properties that a meta-device takes for the devices below: the same names, for those that know them. */
import type { PropertyTable } from '../device/properties.js';

const handedOn = 'handed to every inner device that knows it';

/** What is handed on. A property without a default leaves the inner device its own. */
export const sharedHints: PropertyTable = {
  PERFORMANCE_HINT: {
    type: 'enum',
    mutability: 'RW',
    words: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'],
    description: `What to be fast at; ${handedOn}`,
  },
  PERFORMANCE_HINT_NUM_REQUESTS: {
    type: 'int',
    mutability: 'RW',
    min: 0,
    description: `Requests that the application will keep in flight; ${handedOn}`,
  },
  EXECUTION_MODE_HINT: {
    type: 'enum',
    mutability: 'RW',
    words: ['PERFORMANCE', 'ACCURACY'],
    description: `Speed or accuracy; ${handedOn}`,
  },
  INFERENCE_PRECISION_HINT: { type: 'text', mutability: 'RW', description: `Type of the arithmetic; ${handedOn}` },
  INFERENCE_NUM_THREADS: { type: 'int', mutability: 'RW', min: 0, description: `Compute threads; ${handedOn}` },
  NUM_STREAMS: { type: 'int', mutability: 'RW', min: -1, description: `Inferences at the same time; ${handedOn}` },
  PERF_COUNT: { type: 'bool', mutability: 'RW', description: `Measure every step of every inference; ${handedOn}` },
};

/** How inferences find their device, for meta-devices with a `Scheduler`. */
export const schedulingProperties: PropertyTable = {
  SCHEDULE_POLICY: {
    type: 'enum',
    mutability: 'RW',
    words: ['DEVICE_PRIORITY', 'ROUND_ROBIN'],
    default: 'DEVICE_PRIORITY',
    description:
      'Where devices work side by side, which one an inference takes that finds several free: the first in the list, or each in its turn',
  },
  ENABLE_RUNTIME_FALLBACK: {
    type: 'bool',
    mutability: 'RW',
    default: true,
    description: 'An inference whose device is lost is repeated on another',
  },
  CUVEE_RUN_DEADLINE_MS: {
    type: 'int',
    mutability: 'RW',
    min: 0,
    default: 0,
    description: 'Milliseconds after which a device that does not answer an inference counts as lost; 0: never',
  },
};

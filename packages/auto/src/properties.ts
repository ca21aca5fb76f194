/** @file Properties of device AUTO. */
import { schedulingProperties, sharedHints, type PropertyTable } from '@cuvee/core';
import { priorities } from './priority.js';

export const properties: PropertyTable = {
  ...sharedHints,
  ...schedulingProperties,
  PERFORMANCE_HINT: {
    type: 'enum',
    mutability: 'RW',
    words: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'],
    description: 'What to be fast at, handed to the inner device; CUMULATIVE_THROUGHPUT: all devices side by side, each for throughput',
  },
  ENABLE_STARTUP_FALLBACK: {
    type: 'bool',
    mutability: 'RW',
    default: true,
    description: 'Serve on CPU while a device that is wanted more compiles; not where the cache holds the model',
  },
  MODEL_PRIORITY: {
    type: 'enum',
    mutability: 'RW',
    words: priorities,
    default: 'MEDIUM',
    description: 'Models of this process stay off the devices of more important ones while there are others',
  },
  DEVICES_UTILIZATION_THRESHOLD: {
    type: 'object',
    mutability: 'RW',
    default: {},
    description: 'Device to percent: one that this process kept as busy in the last second is chosen after the others',
  },
};

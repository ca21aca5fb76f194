/** @file Properties of device CPU, in the names of the field. */
import type { PropertyTable } from '@cuvee/core';

export const properties: PropertyTable = {
  INFERENCE_NUM_THREADS: {
    type: 'int',
    mutability: 'RW',
    min: 0,
    max: 1024,
    default: 0,
    description: 'Compute threads; 0: one for each core chosen by the next three, within affinity and control group quota',
  },
  SCHEDULING_CORE_TYPE: {
    type: 'enum',
    mutability: 'RW',
    words: ['ANY_CORE', 'PCORE_ONLY', 'ECORE_ONLY'],
    description: 'Kind of cores of a hybrid processor; unset: threads are counted by performance cores for LATENCY, by all for THROUGHPUT',
  },
  ENABLE_HYPER_THREADING: {
    type: 'bool',
    mutability: 'RW',
    description: 'A thread for each thread of a core, not for each core; unset: for THROUGHPUT only',
  },
  ENABLE_CPU_PINNING: {
    type: 'bool',
    mutability: 'RW',
    description:
      'Each thread stays on one core of its own (Linux, Windows); pinned models in other processes may take the same ones. Unset: on Linux, where one stream has all cores of the process and no quota limits it',
  },
  NUM_STREAMS: {
    type: 'int',
    mutability: 'RW',
    min: -1,
    max: 1024,
    default: 1,
    description: 'Inferences that run at the same time, each with its share of the threads; -1: chosen',
  },
  PERFORMANCE_HINT: {
    type: 'enum',
    mutability: 'RW',
    words: ['LATENCY', 'THROUGHPUT', 'CUMULATIVE_THROUGHPUT'],
    default: 'LATENCY',
    description: 'What to be fast at',
  },
  MODEL_PRIORITY: {
    type: 'enum',
    mutability: 'RW',
    words: ['LOW', 'MEDIUM', 'HIGH'],
    default: 'MEDIUM',
    description:
      'Asynchronous inferences of HIGH begin before those of other models that wait for the same threads; LOW has threads of its own, which leave most of the time to others',
  },
  PERFORMANCE_HINT_NUM_REQUESTS: {
    type: 'int',
    mutability: 'RW',
    min: 0,
    default: 0,
    description: 'Requests that the application will keep in flight; 0: unknown',
  },
  EXECUTION_MODE_HINT: {
    type: 'enum',
    mutability: 'RW',
    words: ['PERFORMANCE', 'ACCURACY'],
    default: 'PERFORMANCE',
    description: 'ACCURACY turns Winograd and split convolution off',
  },
  INFERENCE_PRECISION_HINT: {
    type: 'enum',
    mutability: 'RW',
    words: ['F32', 'DYNAMIC'],
    default: 'DYNAMIC',
    description: "Type of the arithmetic; DYNAMIC: the model's own. Never narrower",
  },
  CPU_DENORMALS_OPTIMIZATION: { type: 'bool', mutability: 'RW', default: false, description: 'Flush denormal numbers to zero' },
  PERF_COUNT: { type: 'bool', mutability: 'RW', default: false, description: 'Measure every step of every inference' },
  ENABLE_PROFILING: { type: 'bool', mutability: 'RW', default: false, description: 'Another name of PERF_COUNT' },
  CUVEE_MEMORY_LIMIT: {
    type: 'int',
    mutability: 'RW',
    min: 0,
    default: 0,
    description: 'Bytes that one inference may allocate; 0: most of what the machine or container has',
  },
  CUVEE_IDLE_TRIM_MS: {
    type: 'int',
    mutability: 'RW',
    min: 0,
    max: 86_400_000,
    default: 5000,
    description: 'Milliseconds without an inference after which a request gives large intermediate memory back to the system; 0: never',
  },
  CUVEE_STRIPS: {
    type: 'enum',
    mutability: 'RW',
    words: ['AUTO', 'ALWAYS', 'NEVER'],
    default: 'AUTO',
    description: 'Run chains of row-wise kernels strip by strip: where intermediates outgrow the caches, wherever possible, nowhere',
  },
  CUVEE_FUSION: {
    type: 'bool',
    mutability: 'RW',
    default: true,
    description:
      'Join operations that stand together; without it each computes as it would alone: slower, and a model in parts gives the same bits as whole',
  },
  CUVEE_TUNE: {
    type: 'bool',
    mutability: 'RW',
    default: false,
    description:
      'When shapes first come, measure which kernels suit each layer, instead of going by the cost table; CACHE_DIR keeps what was found',
  },
  CUVEE_SPIN_US: {
    type: 'int',
    mutability: 'RW',
    min: 0,
    max: 1_000_000,
    default: 100,
    description: 'Microseconds for which idle threads spin before they sleep',
  },
};

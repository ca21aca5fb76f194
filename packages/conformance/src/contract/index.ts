/** @file The behaviour suite that every device runs. `cuvee-conformance --contract --device NAME`. */
import type { Check } from './check.js';
import { devices } from './devices.js';
import { errors } from './errors.js';
import { kept } from './kept.js';
import { lifetimes } from './lifetimes.js';
import { memory } from './memory.js';
import { outputs } from './outputs.js';
import { properties } from './properties.js';
import { requests } from './requests.js';
import { shapes } from './shapes.js';
import { states } from './states.js';
import { stops } from './stops.js';
import { support } from './support.js';
import { threads } from './threads.js';

/** All checks, area by area. */
export const checks: readonly Check[] = [
  ...devices,
  ...properties,
  ...support,
  ...requests,
  ...outputs,
  ...shapes,
  ...states,
  ...stops,
  ...errors,
  ...lifetimes,
  ...kept,
  ...memory,
  ...threads,
];

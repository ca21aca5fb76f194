/** @file Every operation that this device executes, and how. */
import type { Op } from '@cuvee/core';
import type { Lowering, LoweringTable } from '../compile/lowering.js';
import { customLowering } from './custom.js';
import { color } from './color.js';
import { control } from './control.js';
import { convolution } from './convolution.js';
import { detection } from './detection.js';
import { elementwise } from './elementwise.js';
import { image } from './image.js';
import { indexing } from './indexing.js';
import { interpolate } from './interpolate.js';
import { matrix } from './matrix.js';
import { movement } from './movement.js';
import { normalization } from './normalization.js';
import { pooling } from './pooling.js';
import { pyramid } from './pyramid.js';
import { random } from './random.js';
import { reduce } from './reduce.js';
import { regions } from './regions.js';
import { sampling } from './sampling.js';
import { state } from './state.js';
import { strings } from './strings.js';

/** How an operation is lowered; undefined for one that this device does not run. */
export const loweringOf = (op: Op): Lowering | undefined =>
  op.domain === undefined || op.domain === 'cuvee' ? lowerings[op.name] : customLowering(op);

const lowerings: LoweringTable = {
  ...elementwise,
  ...color,
  ...control,
  ...convolution,
  ...detection,
  ...image,
  ...indexing,
  ...interpolate,
  ...matrix,
  ...movement,
  ...normalization,
  ...pooling,
  ...pyramid,
  ...random,
  ...reduce,
  ...regions,
  ...sampling,
  ...state,
  ...strings,
};

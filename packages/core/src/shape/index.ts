/** Symbolic dimensions: arithmetic, bounds, scopes, shape rules, and the program that computes them at run time. */
export { ceilDiv, floorDiv, max, min, mod, scaled, select, truncDiv, bcast } from './atoms.js';
export { bounds, evaluate, mayBe } from './bounds.js';
export { broadcast, broadcastDim, broadcastTo, size, stretched, type BroadcastRule } from './broadcast.js';
export { decide, type Ask } from './decide.js';
export { add, mul, product, sub } from './dim.js';
export { Expr, isExpr, isSymbol, Pred, type Dim, type Origin, type Range, type Shape } from './expr.js';
export { parseDimension, PartialShape, printRange, type DimensionValue } from './partial-shape.js';
export { allOf, anyOf, canBroadcast, isAtLeast, isEqual, isNonNegative, not, type Condition } from './predicate.js';
export { exactDiv } from './quotient.js';
export { reshape } from './reshape.js';
export type { Rounding } from './scale.js';
export {
  createScope,
  describe,
  fresh,
  requireEqual,
  requireTrue,
  shapeContext,
  ShapeScope,
  simpler,
  type Guard,
  type Refusal,
  type ShapeContext,
} from './scope.js';
export { rangeLength, sliceLength, sliceStart } from './slice.js';
export { parse, parseCondition, print, printCondition } from './text.js';
export { dilated, transposedWindow, window, type Window, type WindowCount } from './window.js';
export { originsOf, originsOfCondition } from './origins.js';
export { lowerShapes, type LowerOptions } from './lower.js';
export {
  assemble,
  failureMessage,
  isFailure,
  newRegisters,
  roundings,
  runLevel,
  runShapes,
  shapeOps,
  type BoundSymbol,
  type GuardFailure,
  type ProgramGuard,
  type ProgramLevel,
  type ShapeProgram,
  type SymbolNumbers,
} from './program.js';
export { advance, carry, joinElements, joinShapes, type Advance, type Carried } from './join.js';
export {
  binaryElements,
  clampElement,
  conditionOf,
  cumulativeElements,
  dimOf,
  divideScaled,
  elementOfCondition,
  isDim,
  multiplyScaled,
  rangeElements,
  reduceElements,
  roundScaled,
  ScaledValue,
  selectElement,
  truncateScaled,
  unaryElements,
  type Element,
} from './values.js';

/** @file The shapes that `Model.reshape` takes, in all their forms. */
import { isSettings, isText } from '../calls.js';
import { CuveeError } from '../errors.js';
import { PartialShape, type DimensionValue } from '../shape/partial-shape.js';
import type { Value } from './node.js';

/** A partial shape, its text (where `960:1200` is `960..1200`, too), or numbers with -1 for any size and [min, max] for a range. */
export type ShapeArgument = PartialShape | string | readonly DimensionValue[] | Int32Array | Uint32Array;
/** Shapes of several inputs: keys are inputs, their indices or names. */
export type InputShapes = ReadonlyMap<Value | number | string, ShapeArgument> | Readonly<Record<string, ShapeArgument>>;
/** Shapes of states by their ids. */
export type VariableShapes = ReadonlyMap<string, ShapeArgument> | Readonly<Record<string, ShapeArgument>>;

/** What `reshape` may be called with, as its refusals say. */
export const reshapeSignatures = ['PartialShape', 'string', 'Array', 'Map', 'PartialShape, object', 'string, object', 'Map, object'];
const isOne = (shapes: unknown): shapes is ShapeArgument =>
  shapes instanceof PartialShape ||
  isText(shapes) ||
  Array.isArray(shapes) ||
  shapes instanceof Int32Array ||
  shapes instanceof Uint32Array;
export const isSeveral = (shapes: ShapeArgument | InputShapes): shapes is InputShapes => !isOne(shapes);
export const isShapes = (shapes: unknown): shapes is ShapeArgument | InputShapes =>
  isOne(shapes) || shapes instanceof Map || (isSettings(shapes) && Object.getPrototypeOf(shapes) === Object.prototype);

/** The text of one. Throws ARGUMENT_INVALID for what is none. */
export function shapeText(shape: ShapeArgument): string {
  if (!isOne(shape)) throw new CuveeError('ARGUMENT_INVALID', `a shape is a PartialShape, a text or a list of sizes, got ${String(shape)}`);
  if (shape instanceof PartialShape) return shape.toString();
  return new PartialShape(
    isText(shape) ? shape.replace(/(\d+)\s*:\s*(\d+)/g, '$1..$2') : (Array.from(shape) as DimensionValue[]),
  ).toString();
}

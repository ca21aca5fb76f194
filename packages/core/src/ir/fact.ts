/** @file What is known about a value before anything runs. */
import type { Dim, Pred, ScaledValue, Shape, ShapeScope } from '../shape/index.js';
import { PartialShape } from '../shape/partial-shape.js';
import { print as printDim } from '../shape/text.js';
import type { ElementType } from '../tensor/element.js';
import type { Literal } from '../tensor/literal.js';

/** An element of a small integer tensor: a number, an expression, a condition (boolean tensors), or unknown. */
export type Element = Dim | Pred | undefined;

/** An element of a small f32 tensor: a number, a whole size, a size times a factor that waits to be rounded, or unknown. */
export type FloatElement = Dim | ScaledValue | undefined;

/** Element type, symbolic shape (`undefined`: the rank is unknown) and, where known, the value. */
export interface Fact {
  readonly type: ElementType;
  readonly shape: Shape;
  /** The whole value, when it is constant. */
  readonly value?: Literal;
  /** Elements of a small integer or boolean tensor, row-major, each known on its own. */
  readonly elements?: readonly Element[];
  /** Elements of a small f32 tensor that sizes went into, on their way back to integers. */
  readonly floats?: readonly FloatElement[];
}

export const fact = (type: ElementType, shape: Shape, elements?: readonly Element[]): Fact =>
  elements ? { type, shape, elements } : { type, shape };

/** The shape as numbers, or undefined while any dimension is symbolic. */
export function staticShape(shape: Shape): readonly number[] | undefined {
  return shape?.every((d) => typeof d === 'number') ? (shape as readonly number[]) : undefined;
}

/** `f32 [1,3,h,w/8]`; the dimensions keep their symbols. */
export const printFact = ({ type, shape }: Fact): string => `${type} ${printShape(shape)}`;
export const printShape = (shape: Shape): string => (shape ? `[${shape.map((d) => printDim(d)).join(',')}]` : '[...]');

/** The shape as users see it: bounds instead of symbols, narrowed by what a scope's guards say. */
export const partialShapeOf = ({ shape }: Fact, scope?: ShapeScope): PartialShape =>
  PartialShape.of(shape, scope && ((d) => scope.bounds(d)));

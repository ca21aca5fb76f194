/** @file Sizes that are surely the same, whatever the symbols in them stand for. */
import { shape, type Dim, type Value } from '@cuvee/core';

export const sameDim = (a: Dim, b: Dim): boolean => a === b || shape.sub(a, b) === 0;

export const sameShape = ({ fact: { shape: a } }: Value, { fact: { shape: b } }: Value): boolean =>
  a !== undefined && a.length === b?.length && a.every((d, i) => sameDim(d, b[i] as Dim));

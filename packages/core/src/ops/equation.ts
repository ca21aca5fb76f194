/** @file Einsum equations: labels of operands and result, with the ellipsis written out as labels. */
import { CuveeError } from '../errors.js';

/** Labels of each operand and of the result, a label for each axis. Labels of the ellipsis are `.0`, `.1` … from the right. */
export interface Equation {
  readonly operands: readonly (readonly string[])[];
  readonly result: readonly string[];
}

/** True for an axis that the ellipsis stands for. */
export const isBatch = (label: string): boolean => label.startsWith('.');

function split(text: string, rank: number | undefined): string[] {
  const [before, after, more] = text.split('...') as [string, string | undefined, string | undefined];
  if (more !== undefined || !/^[A-Za-z]*$/.test(before + (after ?? '')))
    throw new CuveeError('MODEL_INVALID', `"${text}" is no list of labels`);
  if (after === undefined) return [...before];
  const count = rank === undefined ? 0 : rank - before.length - after.length;
  return [...before, ...Array.from({ length: Math.max(0, count) }, (_, i) => `.${count - 1 - i}`), ...after];
}

/**
 * Reads `ij,jk->ik`; without `->` the result has every label that occurs once, in alphabetical order, after the ellipsis.
 * Throws MODEL_INVALID when labels and ranks do not fit.
 */
export function parseEquation(text: string, ranks: readonly number[]): Equation {
  const [left, right] = text.replaceAll(' ', '').split('->') as [string, string | undefined];
  const parts = left.split(',');
  if (parts.length !== ranks.length)
    throw new CuveeError('MODEL_INVALID', `equation "${text}" has ${parts.length} operands, the node ${ranks.length}`);
  const operands = parts.map((part, i) => {
    const labels = split(part, ranks[i]);
    if (labels.length !== ranks[i])
      throw new CuveeError('MODEL_INVALID', `equation "${text}": operand ${i} has ${labels.length} labels and rank ${ranks[i]}`);
    return labels;
  });
  const all = operands.flat();
  const batch = [...new Set(all.filter(isBatch))].sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
  if (right === undefined)
    return {
      operands,
      result: [...batch, ...[...new Set(all)].filter((l) => !isBatch(l) && all.indexOf(l) === all.lastIndexOf(l)).sort()],
    };
  const named = split(right, undefined);
  const at = right.indexOf('...');
  const result = at < 0 ? named : [...named.slice(0, at), ...batch, ...named.slice(at)];
  const unknown = result.find((l) => !all.includes(l));
  if (unknown !== undefined) throw new CuveeError('MODEL_INVALID', `equation "${text}": label "${unknown}" of the result is in no operand`);
  return { operands, result };
}

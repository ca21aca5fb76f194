/** @file What BATCH did with the inferences so far. */
import type { Explanation } from '@cuvee/core';
import type { Batcher } from './batcher.js';
import type { Plan } from './joined.js';

/** `inner`: what the device says of the model as it is. */
export function explain({ device, reason }: Plan, { settings, figures }: Batcher, inner: Explanation | undefined): Explanation {
  if (reason !== undefined)
    return {
      ...inner,
      summary: { ...inner?.summary, device: 'BATCH', runs: device, gathers: `nothing: ${reason}` },
      rows: inner?.rows ?? [],
    };
  const { most, fixed, timeout } = settings;
  const { batches, rows, alone } = figures;
  const mean = batches === 0 ? '' : (rows / batches).toPrecision(3);
  return {
    summary: {
      device: 'BATCH',
      runs: device,
      'rows of a full batch': most,
      'sizes of batches': fixed ? `${most} only, fewer are filled up` : `1 to ${most}`,
      'longest wait, ms': timeout,
      batches,
      'rows in them': rows,
      'rows of a batch, mean': mean,
      'inferences alone': alone,
    },
    rows: inner?.rows ?? [],
    diagram: {
      boxes: [
        { title: 'requests', lines: ['in any number, whenever they come'], group: '' },
        { title: `batch of up to ${most}`, lines: [`${batches} batches`, `${mean || 'no'} rows each`], group: 'BATCH' },
        { title: 'alone', lines: [`${alone} inferences`, 'when no other comes'], group: 'BATCH' },
        { title: device, lines: [fixed ? `batches of ${most}` : 'any batch'], group: device },
      ],
      wires: [
        { from: 0, to: 1, label: `${rows}` },
        { from: 0, to: 2, label: `${alone}` },
        { from: 1, to: 3, label: '' },
        { from: 2, to: 3, label: '' },
      ],
    },
  };
}

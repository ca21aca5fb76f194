/** @file What rows of a batch bring: weights come once for all of them. */
import { bytesOf, flopsOf, type DeviceCosts, type Model } from '@cuvee/core';

/** Rows of a batch, where one pays. */
const rows = 16;
/** Times faster that an estimate has to be: batches gather and copy, and what is estimated is not measured. */
const worth = 2;
/** Bytes of weights a second that one inference has from caches and memory. */
const weightsPerSecond = 5e10;

/** Rows that bring throughput: many where fetching the weights takes most of an inference's time, one where computing does. */
export function optimalBatch(model: Model, { launchSeconds, flopsPerSecond }: DeviceCosts): number {
  const nodes = model.nodes();
  const fetching = nodes.reduce((sum, n) => sum + (n.op.name === 'Constant' ? bytesOf(n.output.fact) : 0), 0) / weightsPerSecond;
  const computing = nodes.reduce((sum, n) => sum + (n.inputs.length > 0 ? flopsOf(n) : 0), 0) / flopsPerSecond;
  const seconds = (batch: number): number => launchSeconds + Math.max(fetching / batch, computing);
  return seconds(1) / seconds(rows) >= worth ? rows : 1;
}

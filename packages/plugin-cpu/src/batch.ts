/** @file What rows of a batch bring: weights come once for all of them. */
import { bytesOf, flopsOf, type DeviceCosts, type Model } from '@cuvee/core';
import { costs } from './costs.js';

const { rows, worth, weightsPerSecond } = costs.batch;

/** Rows that bring throughput: many where fetching the weights takes most of an inference's time, one where computing does. */
export function optimalBatch(model: Model, { launchSeconds, flopsPerSecond }: DeviceCosts): number {
  const nodes = model.nodes();
  const fetching = nodes.reduce((sum, n) => sum + (n.op.name === 'Constant' ? bytesOf(n.output.fact) : 0), 0) / weightsPerSecond;
  const computing = nodes.reduce((sum, n) => sum + (n.inputs.length > 0 ? flopsOf(n) : 0), 0) / flopsPerSecond;
  const seconds = (batch: number): number => launchSeconds + Math.max(fetching / batch, computing);
  return seconds(1) / seconds(rows) >= worth ? rows : 1;
}

/** @file How far results may be from OpenVINO's. */
import type { Combination, Difference } from './combination.js';

/**
 * Floats: sums in another order (f32), or one rounding of f16. Integers are exact, save bytes that were interpolated or made from
 * YUV: sums that lie just between two bytes are rounded by what is left in their last bits.
 */
export function allowed(c: Combination): Difference {
  const text = JSON.stringify([c.type, c.calls, c.runs]);
  const ties = /"RESIZE_[BCL]|"NV12|"I420/.test(text) && text.includes('"u8"');
  return { floats: text.includes('"f16"') ? 1e-3 : 2e-6, units: ties ? 1 : 0, share: ties ? 0.1 : 0 };
}

export const within = (d: Difference, limit: Difference): boolean =>
  d.floats <= limit.floats && d.units <= limit.units && d.share <= limit.share;

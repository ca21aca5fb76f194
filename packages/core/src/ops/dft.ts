import { complexTransformOp } from './fourier.js';

/**
 * Discrete Fourier transform of complex numbers, which are pairs along the last axis: X[k] = Σ x[j]·exp(-2πi·jk/n) along each of the given
 * axes. `signal_size` cuts an axis or fills it with zeros first; -1 leaves it.
 * Spec: OpenVINO DFT-7.
 */
export const DFT = complexTransformOp('DFT', false);

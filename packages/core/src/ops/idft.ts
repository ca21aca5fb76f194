import { complexTransformOp } from './fourier.js';

/**
 * Inverse discrete Fourier transform of complex numbers, which are pairs along the last axis: x[j] = Σ X[k]·exp(2πi·jk/n)/n along each of the given
 * axes. `signal_size` cuts an axis or fills it with zeros first; -1 leaves it.
 * Spec: OpenVINO IDFT-7.
 */
export const IDFT = complexTransformOp('IDFT', true);

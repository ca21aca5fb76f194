import { cases, f32, i64, u8 } from './cases.js';

const line = f32([1, 1, 4], [1, 2, 3, 4]);
const axes = i64([1], [2]);
const sized = { mode: 'linear_onnx', shape_calculation_mode: 'sizes' };
const scaled = { mode: 'nearest', shape_calculation_mode: 'scales', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };

export default cases('Interpolate', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'linear to half',
      attributes: sized,
      inputs: [line, i64([1], [2]), axes],
      constants: [1, 2],
      outputs: [f32([1, 1, 2], [1.5, 3.5])],
    },
    {
      name: 'linear to twice, clamped at the borders',
      attributes: sized,
      inputs: [f32([2], [0, 4]), i64([1], [4])],
      constants: [1],
      outputs: [f32([4], [0, 1, 3, 4])],
    },
    {
      name: 'linear, corners aligned',
      attributes: { ...sized, mode: 'linear', coordinate_transformation_mode: 'align_corners' },
      inputs: [line, i64([1], [7]), axes],
      constants: [1, 2],
      outputs: [f32([1, 1, 7], [1, 1.5, 2, 2.5, 3, 3.5, 4])],
    },
    {
      name: 'linear, antialiased',
      attributes: { ...sized, mode: 'linear', antialias: true },
      inputs: [line, i64([1], [2]), axes],
      constants: [1, 2],
      outputs: [f32([1, 1, 2], [12 / 7, 23 / 7])],
    },
    {
      name: 'nearest, one and a half',
      attributes: scaled,
      inputs: [line, f32([1], [1.5]), axes],
      constants: [1, 2],
      outputs: [f32([1, 1, 6], [1, 1, 2, 3, 3, 4])],
    },
    {
      name: 'nearest moves bytes',
      attributes: scaled,
      inputs: [u8([2, 1], [7, 9]), f32([2], [2, 2])],
      constants: [1],
      outputs: [u8([4, 2], [7, 7, 7, 7, 9, 9, 9, 9])],
    },
    {
      name: 'halves between bytes go to the even one',
      attributes: sized,
      inputs: [u8([2], [0, 2]), i64([1], [4])],
      constants: [1],
      outputs: [u8([4], [0, 0, 2, 2])],
    },
    {
      name: 'cubic beyond bytes saturates',
      attributes: { ...sized, mode: 'cubic' },
      inputs: [u8([4], [0, 0, 255, 255]), i64([1], [8])],
      constants: [1],
      outputs: [u8([8], [0, 0, 0, 58, 197, 255, 255, 255])],
    },
    {
      name: 'Pillow rounds bytes after each axis, the last one first',
      attributes: { ...sized, mode: 'bilinear_pillow' },
      inputs: [u8([2, 2], [0, 1, 1, 0]), i64([2], [1, 1])],
      constants: [1],
      outputs: [u8([1, 1], [0])],
    },
    {
      name: 'cubic in the middle',
      attributes: { ...sized, mode: 'cubic' },
      inputs: [f32([4], [0, 0, 1, 1]), i64([1], [1])],
      constants: [1],
      outputs: [f32([1], [0.5])],
    },
    {
      name: 'padded with zeros',
      attributes: { ...scaled, pads_begin: [0, 0, 1], pads_end: [0, 0, 1] },
      inputs: [line, f32([1], [1]), axes],
      constants: [1, 2],
      outputs: [f32([1, 1, 6], [0, 1, 2, 3, 4, 0])],
    },
    {
      name: 'as Pillow averages',
      attributes: { ...sized, mode: 'bilinear_pillow' },
      inputs: [line, i64([1], [2]), axes],
      constants: [1, 2],
      outputs: [f32([1, 1, 2], [12 / 7, 23 / 7])],
    },
  ],
  generate: (random) => {
    const shape = [1, random.int(1, 2), random.int(3, 6), random.int(3, 6)];
    const sizes = random.next() < 0.5;
    return {
      attributes: {
        mode: random.pick(['nearest', 'linear', 'linear_onnx', 'cubic', 'bilinear_pillow', 'bicubic_pillow']),
        shape_calculation_mode: sizes ? 'sizes' : 'scales',
        coordinate_transformation_mode: random.pick([
          'half_pixel',
          'pytorch_half_pixel',
          'asymmetric',
          'tf_half_pixel_for_nn',
          'align_corners',
        ]),
        nearest_mode: random.pick(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil', 'simple']),
      },
      inputs: [
        random.tensor('f32', shape),
        sizes ? i64([2], [random.int(1, 9), random.int(1, 9)]) : f32([2], [random.pick([0.5, 1.5, 2, 3]), random.pick([0.5, 0.75, 2])]),
        i64([2], [2, 3]),
      ],
      constants: [1, 2],
    };
  },
});

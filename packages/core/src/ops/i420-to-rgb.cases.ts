import { cases, f32, u8 } from './cases.js';

export default cases('I420toRGB', {
  tolerance: { rtol: 1e-5, atol: 1e-5 },
  named: [
    {
      name: 'red, planes apart',
      inputs: [f32([1, 2, 2, 1], [81, 81, 81, 81]), f32([1, 1, 1, 1], [90]), f32([1, 1, 1, 1], [240])],
      outputs: [
        f32([1, 2, 2, 3], [254.41200256347656, 0, 0, 254.41200256347656, 0, 0, 254.41200256347656, 0, 0, 254.41200256347656, 0, 0]),
      ],
    },
    {
      name: 'red, one plane of bytes',
      inputs: [u8([1, 3, 2, 1], [81, 81, 81, 81, 90, 240])],
      outputs: [u8([1, 2, 2, 3], [254, 0, 0, 254, 0, 0, 254, 0, 0, 254, 0, 0])],
    },
    {
      name: 'gray',
      inputs: [u8([1, 3, 2, 1], [16, 126, 235, 0, 128, 128])],
      outputs: [u8([1, 2, 2, 3], [0, 0, 0, 128, 128, 128, 255, 255, 255, 0, 0, 0])],
    },
  ],
  generate: (random) => {
    const [n, h, w] = [random.int(1, 2), 2 * random.int(1, 3), 2 * random.int(1, 3)];
    return {
      inputs:
        random.next() < 0.5
          ? [random.tensor('u8', [n, (h / 2) * 3, w, 1], 0, 255)]
          : [
              random.tensor('u8', [n, h, w, 1], 0, 255),
              random.tensor('u8', [n, h / 2, w / 2, 1], 0, 255),
              random.tensor('u8', [n, h / 2, w / 2, 1], 0, 255),
            ],
    };
  },
});

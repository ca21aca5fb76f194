import { cases, f32, i32 } from './cases.js';

const even = f32([1, 2, 2], [0, 0, 0, 0]);
const row = (labels: readonly number[], count: number): [ReturnType<typeof i32>, ReturnType<typeof i32>, ReturnType<typeof i32>] => [
  i32([1], [2]),
  i32([1, 2], labels),
  i32([1], [count]),
];

/** Two steps of label and blank with even odds: of the four paths three read as the label when repetitions merge, two when not. */
export default cases('CTCLoss', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    { name: 'merges', inputs: [even, ...row([0, 0], 1)], outputs: [f32([1], [0.28768207])] },
    {
      name: 'does not merge',
      attributes: { ctc_merge_repeated: false },
      inputs: [even, ...row([0, 0], 1)],
      outputs: [f32([1], [0.6931472])],
    },
    {
      name: 'collapsed labels',
      attributes: { preprocess_collapse_repeated: true },
      inputs: [even, ...row([0, 0], 2)],
      outputs: [f32([1], [0.28768207])],
    },
    { name: 'unique labels', attributes: { unique: true }, inputs: [even, ...row([0, 0], 2)], outputs: [f32([1], [0.28768207])] },
  ],
  generate: (random) => {
    const [batch, steps, classes] = [random.int(1, 3), random.int(2, 7), random.int(2, 4)];
    const lengths = Array.from({ length: batch }, () => random.int(1, steps));
    const width = random.int(1, steps);
    const inputs = [
      random.tensor('f32', [batch, steps, classes]),
      i32([batch], lengths),
      random.tensor('i32', [batch, width], 0, classes - 2),
      i32(
        [batch],
        lengths.map((n) => random.int(0, Math.min(n, width))),
      ),
      i32([], [classes - 1]),
    ];
    return {
      attributes: {
        preprocess_collapse_repeated: random.next() < 0.5,
        ctc_merge_repeated: random.next() < 0.7,
        unique: random.next() < 0.3,
      },
      inputs: random.next() < 0.5 ? inputs : inputs.slice(0, 4),
    };
  },
});

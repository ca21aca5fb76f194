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
});

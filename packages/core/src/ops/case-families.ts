/** @file Cases that operations of one family share: what is reduced, which colours are converted. Only the results differ. */
import { bool, cases, f32, i64, u8, type Case, type Cases, type Random } from './cases.js';

const matrix = [1, -2, 3, 4, 5, -6];

const randomReduction =
  (type: 'f32' | 'boolean') =>
  (random: Random): Case => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 5] });
    const axes = shape.map((_, i) => i).filter(() => random.next() < 0.5);
    return {
      attributes: { keep_dims: random.next() < 0.5 },
      inputs: [random.tensor(type, shape), i64([axes.length], axes)],
      constants: [1],
    };
  };

/** Cases of an arithmetic reduction by what it makes of [[1, -2, 3], [4, 5, -6]]; integers only where the rows' results are whole. */
export function reductionCases(op: string, of: { columns: number[]; rows: number[]; all: number; integers?: boolean }): Cases {
  const data = f32([2, 3], matrix);
  return cases(op, {
    tolerance: { rtol: 1e-5, atol: 1e-6 },
    named: [
      { name: 'columns', inputs: [data, i64([1], [0])], outputs: [f32([3], of.columns)], constants: [1] },
      {
        name: 'rows, dimensions kept',
        attributes: { keep_dims: true },
        inputs: [data, i64([1], [-1])],
        outputs: [f32([2, 1], of.rows)],
        constants: [1],
      },
      { name: 'all axes', inputs: [data, i64([2], [0, 1])], outputs: [f32([], [of.all])], constants: [1] },
      { name: 'no axes', inputs: [f32([2], [2, 3]), i64([0], [])], outputs: [f32([2], [2, 3])], constants: [1] },
      ...(of.integers
        ? [{ name: 'integers', inputs: [i64([2, 3], matrix), i64([1], [-1])], outputs: [i64([2], of.rows)], constants: [1] }]
        : []),
    ],
    generate: randomReduction('f32'),
  });
}

/** Cases of a logical reduction by what it makes of [[true, true, false], [false, true, false]] and of no values at all. */
export function logicalReductionCases(op: string, of: { columns: number[]; all: number; nothing: number }): Cases {
  const data = bool([2, 3], [1, 1, 0, 0, 1, 0]);
  return cases(op, {
    tolerance: { rtol: 0, atol: 0 },
    named: [
      { name: 'columns', inputs: [data, i64([1], [0])], outputs: [bool([3], of.columns)], constants: [1] },
      {
        name: 'all, dimensions kept',
        attributes: { keep_dims: true },
        inputs: [data, i64([2], [0, -1])],
        outputs: [bool([1, 1], [of.all])],
        constants: [1],
      },
      { name: 'nothing', inputs: [bool([0], []), i64([], [0])], outputs: [bool([], [of.nothing])], constants: [1] },
    ],
    generate: randomReduction('boolean'),
  });
}

/** Cases of a conversion from YUV 4:2:0, chroma in two planes or in one interleaved, to three channels in the order of `colors`. */
export function yuvCases(op: string, chroma: 'two planes' | 'interleaved', colors: 'RGB' | 'BGR'): Cases {
  const red = (full: number): number[] => Array.from({ length: 4 }, () => (colors === 'RGB' ? [full, 0, 0] : [0, 0, full])).flat();
  return cases(op, {
    tolerance: { rtol: 1e-5, atol: 1e-5 },
    named: [
      {
        name: 'red, planes apart',
        inputs: [
          f32([1, 2, 2, 1], [81, 81, 81, 81]),
          ...(chroma === 'interleaved' ? [f32([1, 1, 1, 2], [90, 240])] : [f32([1, 1, 1, 1], [90]), f32([1, 1, 1, 1], [240])]),
        ],
        outputs: [f32([1, 2, 2, 3], red(254.41200256347656))],
      },
      {
        name: 'red, one plane of bytes',
        inputs: [u8([1, 3, 2, 1], [81, 81, 81, 81, 90, 240])],
        outputs: [u8([1, 2, 2, 3], red(254))],
      },
      {
        name: 'gray',
        inputs: [u8([1, 3, 2, 1], [16, 126, 235, 0, 128, 128])],
        outputs: [u8([1, 2, 2, 3], [0, 0, 0, 128, 128, 128, 255, 255, 255, 0, 0, 0])],
      },
    ],
    generate: (random) => {
      const [n, h, w] = [random.int(1, 2), 2 * random.int(1, 3), 2 * random.int(1, 3)];
      const plane = (...shape: number[]) => random.tensor('u8', shape, 0, 255);
      if (random.next() < 0.5) return { inputs: [plane(n, (h / 2) * 3, w, 1)] };
      const luma = plane(n, h, w, 1);
      if (chroma === 'interleaved') return { inputs: [luma, plane(n, h / 2, w / 2, 2)] };
      return { inputs: [luma, plane(n, h / 2, w / 2, 1), plane(n, h / 2, w / 2, 1)] };
    },
  });
}

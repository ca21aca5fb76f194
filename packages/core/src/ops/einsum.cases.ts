import { cases, f32, i64 } from './cases.js';

const a = f32([2, 3], [1, 2, 3, 4, 5, 6]);
const b = f32([3, 2], [1, 0, 0, 1, 1, 1]);

export default cases('Einsum', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'matrix product', attributes: { equation: 'ij,jk->ik' }, inputs: [a, b], outputs: [f32([2, 2], [4, 5, 10, 11])] },
    { name: 'implicit result', attributes: { equation: 'ij,jk' }, inputs: [a, b], outputs: [f32([2, 2], [4, 5, 10, 11])] },
    { name: 'implicit result is alphabetical', attributes: { equation: 'ba' }, inputs: [a], outputs: [f32([3, 2], [1, 4, 2, 5, 3, 6])] },
    { name: 'diagonal', attributes: { equation: 'ii->i' }, inputs: [f32([2, 2], [1, 2, 3, 4])], outputs: [f32([2], [1, 4])] },
    { name: 'trace', attributes: { equation: 'ii->' }, inputs: [f32([2, 2], [1, 2, 3, 4])], outputs: [f32([], [5])] },
    {
      name: 'outer product',
      attributes: { equation: 'i,j->ji' },
      inputs: [f32([2], [1, 2]), f32([2], [10, 100])],
      outputs: [f32([2, 2], [10, 20, 100, 200])],
    },
    { name: 'element by element', attributes: { equation: 'ij,ij->ij' }, inputs: [a, a], outputs: [f32([2, 3], [1, 4, 9, 16, 25, 36])] },
    {
      name: 'three operands',
      attributes: { equation: 'i,ij,j->' },
      inputs: [f32([2], [1, 2]), a, f32([3], [1, 1, 1])],
      outputs: [f32([], [36])],
    },
    {
      name: 'ellipsis broadcasts',
      attributes: { equation: '...i,...i->...' },
      inputs: [f32([2, 1, 2], [1, 2, 3, 4]), f32([2, 2], [1, 1, 1, 0])],
      outputs: [f32([2, 2], [3, 1, 7, 3])],
    },
    {
      name: 'integers',
      attributes: { equation: 'i,i->' },
      inputs: [i64([2], [3000000000n, 1n]), i64([2], [4n, 5n])],
      outputs: [i64([], [12000000005n])],
    },
  ],
  generate: (random) => {
    const [equation, ...shapes] = random.pick([
      ['bhqd,bhkd->bhqk', 'bhqd', 'bhkd'],
      ['abc,cd->abd', 'abc', 'cd'],
      ['abc,abd->dc', 'abc', 'abd'],
      ['ab,c->cab', 'ab', 'c'],
      ['abc->ca', 'abc'],
      ['ab,bc,cd->da', 'ab', 'bc', 'cd'],
      ['abcd,cbda->', 'abcd', 'cbda'],
      ['aab->ab', 'aab'],
      ['abab,bc->c', 'abab', 'bc'],
      ['aaa,a->', 'aaa', 'a'],
    ] as const) as [string, ...string[]];
    const sizes = new Map([...'abcdhkq'].map((l) => [l, random.int(1, 4)]));
    return {
      attributes: { equation },
      inputs: shapes.map((labels) =>
        random.tensor(
          'f32',
          [...labels].map((l) => sizes.get(l) as number),
        ),
      ),
    };
  },
});

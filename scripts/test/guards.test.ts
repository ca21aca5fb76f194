import { describe, expect, it } from 'vitest';
import { duplicateRuns } from '../duplicates.js';
import { importsOf, nodeGlobals } from '../dependencies.js';
import { withoutComments } from '../lib/guard.js';
import { findAddresses } from '../addresses.js';
import { exportedFunctions } from '../scatter.js';

const file = (path: string, lines: readonly string[]) => lines.map((text, index) => ({ text, file: path, number: index + 1 }));
const numbered = (count: number, word: string) => Array.from({ length: count }, (_, index) => `${word} ${index};`);

describe('duplicates', () => {
  it('finds a run of twelve lines in two files, at its full length', () => {
    const shared = numbered(15, 'shared');
    const runs = duplicateRuns([file('a.ts', [...numbered(3, 'a'), ...shared]), file('b.ts', [...shared, ...numbered(4, 'b')])]);
    expect(runs).toEqual([
      { length: 15, first: { text: 'shared 0;', file: 'a.ts', number: 4 }, second: { text: 'shared 0;', file: 'b.ts', number: 1 } },
    ]);
  });

  it('leaves eleven equal lines alone', () => {
    const shared = numbered(11, 'shared');
    expect(duplicateRuns([file('a.ts', shared), file('b.ts', [...shared, 'more'])])).toEqual([]);
  });
});

describe('dependencies', () => {
  it('sees every form of import and none in comments', () => {
    const text = `import a from 'a';\nimport type { B } from "@cuvee/b";\nexport * from './c.js';\nconst d = await import('d');\n// import 'e'\nimport 'f';`;
    expect(importsOf(text)).toEqual(['a', '@cuvee/b', './c.js', 'd', 'f']);
  });

  it("names Node's globals in core, but not a careful question for them", () => {
    const path = 'packages/core/src/x.ts';
    expect(nodeGlobals({ path, text: 'const home = process.env.HOME;' })).toHaveLength(1);
    expect(nodeGlobals({ path, text: 'const home = globalThis.process?.env;' })).toEqual([]);
  });
});

describe('withoutComments', () => {
  it('keeps strings and line numbers', () => {
    expect(withoutComments(`a('// no'); // yes\n/* one\ntwo */b`)).toBe(`a('// no');  \n \n b`);
  });
});

describe('addresses', () => {
  it('finds a registry, not a licence', () => {
    const registry = ['https://registry', 'npmjs.org/x.tgz'].join('.');
    expect(findAddresses(`see ${registry} and http://www.apache.org/licenses/LICENSE-2.0`)).toEqual([registry]);
  });
});

describe('scatter', () => {
  it("counts the lines of each of a frontend's exported functions, to the end of its statement", () => {
    const long = ['export const Long: OnnxOp = (node) => {', ...numbered(14, '  step'), '};'];
    const wrapped = ["export const Wrapped = takes('s>s', ({ g }) =>", '  g.relu(x),', ');'];
    const plain = ['export function Plain(node) {', '  return node;', '}'];
    const text = ['export const Short: OnnxOp = () => x;', ...long, 'const local = 1;', ...wrapped, ...plain].join('\n');
    const found = exportedFunctions({ path: 'a.ts', text }).map(({ name, lines }) => [name, lines]);
    expect(Object.fromEntries(found)).toEqual({ Short: 1, Long: 16, Wrapped: 3, Plain: 3 });
  });
});

/** Automata of regular expressions against JavaScript's own engine. */
import { expect, test } from 'vitest';
import { Random } from '../../core/src/ops/cases.js';
import { automatonOf, type Automaton } from '../src/ops/regex.js';

const accepts = ({ starts, classes, table, accepts: ends }: Automaton, text: string): boolean => {
  const width = table.length / ends.length;
  let state = 0;
  for (const c of text) {
    const code = c.codePointAt(0) as number;
    const interval = starts.filter((s) => s <= code).length - 1;
    state = state < 0 ? -1 : (table[state * width + (classes[interval] as number)] as number);
  }
  return state >= 0 && ends[state] === true;
};

const patterns = [
  'a+|bc',
  '',
  'www\\.[\\w.-]+\\.\\bcom',
  '(\\w|[.-])+@(yahoo|gmail)\\.(com|org)',
  '[^ab]{2,3}c?',
  '(?:a|b)*?abb',
  '^a.c$',
  'a^b|a$',
  '(?:)|x{3}',
  '[\\d\\-a-c]{1,}\\s*',
  '(a?){3}a{3}',
  '(a*)*b',
  '.*€.*',
  '[^\\n]+\\u0061',
  '(?<name>ab|c)+',
];

test.each(patterns)('%j matches what JavaScript matches', (pattern) => {
  const automaton = automatonOf(pattern);
  if (typeof automaton === 'string') {
    expect(pattern).toMatch(/\\b/); // the only one that is refused here
    return;
  }
  const wanted = new RegExp(`^(?:${pattern})$`, 'us');
  const random = new Random(7);
  const letters = ['a', 'b', 'c', 'a', '.', '-', 'w', ' ', '\n', '€', '1', '@', '😀', 'x', 'yahoo.com', 'gmail', 'www.'];
  const texts = Array.from({ length: 400 }, () => Array.from({ length: random.int(0, 7) }, () => random.pick(letters)).join(''));
  expect(texts.filter((text) => accepts(automaton, text) !== wanted.test(text))).toEqual([]);
});

test.each([['(?=a)b'], ['(a)\\1'], ['\\p{L}'], ['(a'], ['a)'], ['[a'], ['*a'], ['a{2000}'], ['[b-a]']])('%j is refused', (pattern) => {
  expect(typeof automatonOf(pattern)).toBe('string');
});

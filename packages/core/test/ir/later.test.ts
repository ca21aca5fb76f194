import { expect, test } from 'vitest';
import { LaterMap } from '../../src/opset/later.js';

test('a table makes each value once, when it is first asked for, however that is', () => {
  const made: string[] = [];
  const maker = (name: string) => (): string => {
    made.push(name);
    return name.toUpperCase();
  };
  const table = new LaterMap({ a: maker('a'), b: maker('b'), c: maker('c') });
  expect([table.size, table.has('b'), table.has('x'), [...table.keys()]]).toEqual([3, true, false, ['a', 'b', 'c']]);
  expect(table.get('x')).toBe(undefined);
  expect(made).toEqual([]);
  expect([table.get('b'), table.get('b')]).toEqual(['B', 'B']);
  expect(made).toEqual(['b']);
  expect([...table.values()]).toEqual(['A', 'B', 'C']);
  const all = [
    ['a', 'A'],
    ['b', 'B'],
    ['c', 'C'],
  ];
  expect([...table]).toEqual(all);
  const visited: (readonly [string, string])[] = [];
  table.forEach((value, name) => visited.push([name, value]));
  expect(visited).toEqual(all);
  expect(made).toEqual(['b', 'a', 'c']);
});

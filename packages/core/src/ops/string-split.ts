import { Literal } from '../tensor/literal.js';
import { int, text } from './attributes.js';
import { index, op, port, string } from './op.js';

/** At each delimiter, at most `most` times (-1: always). */
function atDelimiters(text: string, delimiter: string, most: number): string[] {
  const parts = text.split(delimiter);
  return most < 0 || parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(delimiter)];
}

/** At runs of white space, which also goes at both ends; what is left after `most` cuts keeps its own. */
function atSpaces(text: string, most: number): string[] {
  const parts: string[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const end = most >= 0 && parts.length === most ? -1 : rest.search(/\s/);
    parts.push(end < 0 ? rest : rest.slice(0, end));
    rest = end < 0 ? '' : rest.slice(end).trimStart();
  }
  return parts;
}

/**
 * Strings in parts along a new last axis as long as the most that one has, shorter lists filled with empty strings; and how many each has.
 * An empty delimiter means white space.
 * Spec: ONNX StringSplit-20.
 */
export const StringSplit = op('StringSplit', {
  domain: 'cuvee',
  attributes: { delimiter: text(''), maxsplit: int(-1) },
  inputs: [port('data', string)],
  outputs: [port('parts', string), port('counts', index)],

  infer: ({ data }, _, ctx) => [
    { type: 'string', shape: data.shape && [...data.shape, ctx.fresh(data.shape.length)] },
    { type: 'i64', shape: data.shape },
  ],

  evaluate({ data }, { delimiter, maxsplit }) {
    const lists = (data.data as readonly string[]).map((s) =>
      delimiter === '' ? atSpaces(s, maxsplit) : atDelimiters(s, delimiter, maxsplit),
    );
    const width = lists.reduce((most, list) => Math.max(most, list.length), 0);
    const parts = lists.flatMap((list) => [...list, ...new Array<string>(width - list.length).fill('')]);
    return [
      { type: 'string', shape: [...data.shape, width], data: parts },
      Literal.from(
        'i64',
        data.shape,
        lists.map((list) => list.length),
      ).nd(),
    ];
  },
});

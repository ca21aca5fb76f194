/** @file Seeded mutations of an IR's text that keep it well-formed XML: numbers, types, shapes, operations, wires. */
import { Random } from '../../../core/src/ops/cases.js';

const types = ['f32', 'f16', 'i64', 'i32', 'u8', 'boolean', 'i4', 'f8e4m3', 'string', 'dynamic', 'nf4'];
const numbers = [
  '-1',
  '0',
  '1',
  '2',
  '3',
  '7',
  '64',
  '-3',
  '255',
  '1000000',
  '2147483648',
  '-2147483649',
  '9223372036854775807',
  '1e30',
  'nan',
];
const shapes = ['', '?', '1', '2,3', '?,?,?', '1,3,8,8', '0', '3..5', '...', '1000000,1000000', '1,1,1,1,1,1,1'];

/** Everything of the text that a pattern finds. */
const places = (xml: string, pattern: RegExp): RegExpMatchArray[] => [...xml.matchAll(pattern)];

function replaced(xml: string, match: RegExpMatchArray | undefined, by: string): string | undefined {
  if (!match) return undefined;
  const at = (match.index as number) + (match[1] as string).length;
  return xml.slice(0, at) + by + xml.slice(at + (match[2] as string).length);
}

interface Kind {
  readonly name: string;
  readonly change: (xml: string, random: Random) => string | undefined;
}

const value = (name: string, pattern: RegExp, values: readonly string[]): Kind => ({
  name,
  change: (xml, random) => {
    const found = places(xml, pattern);
    return found.length === 0 ? undefined : replaced(xml, random.pick(found), random.pick(values));
  },
});

/** Patterns have two groups: what stays in front, and what is replaced. */
const kinds: readonly Kind[] = [
  value('a number in an attribute', /(<data[^>]*?[\w-]+="(?:[^"]*,)?)(-?\d+(?:\.\d+)?)(?=[,"])/g, numbers),
  value('an element type', /(element_type="|destination_type="|output_type="|precision=")(\w+)/g, types),
  value('a shape', /(\bshape=")([^"]*)/g, shapes),
  value('a dimension of a port', /(<dim>)(-?\d+)/g, numbers),
  value('a wire', /((?:from|to)-(?:layer|port)=")(\d+)/g, ['0', '1', '2', '3', '4', '5', '99']),
  value('the place of a constant', /((?:offset|size)=")(\d+)/g, numbers),
  value('a mode', /(="(?=[a-z_]+"))([a-z_]+)/g, ['same_upper', 'floor', 'linear', 'max', 'numpy', 'true', 'nothing', '']),
  value('a version', /(version="opset)(\d+)/g, ['1', '3', '6', '8', '13', '16', '99']),
  {
    name: 'a wire less',
    change: (xml, random) => {
      const found = places(xml, /()(<edge [^>]*>)/g);
      return found.length === 0 ? undefined : replaced(xml, random.pick(found), '');
    },
  },
  {
    name: 'operations exchanged',
    change: (xml, random) => {
      const found = places(xml, /(<layer [^>]*type=")(\w+)/g);
      return found.length < 2 ? undefined : replaced(xml, random.pick(found), random.pick(found)[2] as string);
    },
  },
];

/** One to three mutations, and what they were. */
export function mutateIr(xml: string, seed: number): { readonly xml: string; readonly what: string } {
  const random = new Random(seed);
  const what: string[] = [];
  let text = xml;
  for (let i = random.int(1, 3); i > 0; i--) {
    const kind = random.pick(kinds);
    const next = kind.change(text, random);
    if (next === undefined || next === text) continue;
    text = next;
    what.push(kind.name);
  }
  return { xml: text, what: what.join(', ') };
}

/** @file Operations on strings → family `strings`, see native/kernels/strings. */
import { Literal, type Node } from '@cuvee/core';
import type { Lowering, LoweringContext, LoweringTable } from '../compile/lowering.js';
import { automatonOf, type Automaton } from '../ops/regex.js';
import type { TensorId } from '../plan/plan.js';
import { encodeStrings } from '../strings.js';

const texts = (node: Node, name: string): readonly string[] => node.attributes[name] as readonly string[];
const i32 = (c: LoweringContext, name: string, shape: readonly number[], values: readonly number[]): TensorId =>
  c.constantTensor(Literal.from('i32', shape, values), `${c.node.name}.${name}`);
const utf8 = (c: LoweringContext, name: string, bytes: Uint8Array): TensorId =>
  c.constantTensor(Literal.from('u8', [bytes.length], bytes), `${c.node.name}.${name}`);

/** Constant texts as numbers. */
function numbered(c: LoweringContext, name: string, list: readonly string[]): TensorId {
  const { begins, ends, symbols } = encodeStrings(list);
  const out = c.temporary('i32', [list.length]);
  const part = (which: string, values: Int32Array): TensorId => i32(c, `${name}.${which}`, [list.length], [...values]);
  c.emit('strings', 'number', [part('begins', begins), part('ends', ends), utf8(c, name, symbols)], [out]);
  return out;
}

/** Languages in which the case of a letter depends on its neighbours. */
const contextual = /^(lt|tr|az)\b/i;
const localeOf = (node: Node): string => String(node.attributes.locale).replace('_', '-').replace(/\..*$/, '');

/** [code point, up to three code points that stand for it in the other case], ascending. */
function caseTable(change: (s: string) => string): number[] {
  const rows: number[] = [];
  for (let code = 0; code < 0x20000; code++) {
    if (code === 0xd800) code = 0xe000;
    const text = String.fromCodePoint(code);
    const other = change(text);
    if (other !== text) rows.push(code, ...[0, 1, 2].map((i) => [...other][i]?.codePointAt(0) ?? 0));
  }
  return rows;
}

const normalizing: Lowering = {
  opens: true,
  refuse(node) {
    try {
      return contextual.test(localeOf(node)) || !new Intl.Locale(localeOf(node))
        ? 'a language whose case looks at neighbouring letters'
        : undefined;
    } catch {
      return 'a locale that is none';
    }
  },
  lower(c) {
    const { case_change_action: how, is_case_sensitive: exact } = c.node.attributes;
    const locale = localeOf(c.node);
    const lower = (s: string): string => s.toLocaleLowerCase(locale);
    const stops = texts(c.node, 'stopwords').map((s) => (exact ? s : lower(s)));
    const tables = [caseTable(lower), caseTable((s) => s.toLocaleUpperCase(locale))].map((rows, i) =>
      i32(c, i === 0 ? 'lower' : 'upper', [rows.length / 4, 4], rows),
    );
    const change = how === 'LOWER' ? 1 : how === 'UPPER' ? 2 : 0;
    c.emit('strings', 'normalize', [c.input(0), numbered(c, 'stopwords', stops), ...tables], [c.output()], [exact ? 1 : 0, change]);
  },
};

const matching: Lowering = {
  refuse(node) {
    const automaton = automatonOf(String(node.attributes.pattern));
    return typeof automaton === 'string' ? `a pattern with ${automaton}` : undefined;
  },
  lower(c) {
    const { starts, classes, table, accepts } = automatonOf(String(c.node.attributes.pattern)) as Automaton;
    const states = accepts.length;
    c.emit(
      'strings',
      'match',
      [
        c.input(0),
        i32(c, 'starts', [starts.length], starts),
        i32(c, 'classes', [classes.length], classes),
        i32(c, 'automaton', [states, table.length / states], table),
        utf8(c, 'accepts', Uint8Array.from(accepts, Number)),
      ],
      [c.output()],
    );
  },
};

export const strings: LoweringTable = {
  StringNumbers: { lower: (c) => c.emit('strings', 'number', c.inputs(), c.outputs()) },
  NumberedStringTensorUnpack: { opens: true, lower: (c) => c.emit('strings', 'bytes', c.inputs(), c.outputs()) },
  NumberedStringConcat: { lower: (c) => c.emit('strings', 'concat', c.inputs(), c.outputs()) },
  NumberedStringSplit: {
    opens: true,
    lower(c) {
      const delimiter = utf8(c, 'delimiter', new TextEncoder().encode(String(c.node.attributes.delimiter)));
      c.emit('strings', 'split', [c.input(0), delimiter], c.outputs(), [Number(c.node.attributes.maxsplit)]);
    },
  },
  NumberedStringNormalizer: normalizing,
  NumberedRegexFullMatch: matching,
};

import { CuveeError } from '../errors.js';
import { bool, oneOf, text, texts } from './attributes.js';
import { op, port, string } from './op.js';

/**
 * Words [C] or [1, C] without the stop words, in upper or lower case; a single empty word when none is left. Stop words are compared as
 * they are, or without regard to case.
 * Spec: ONNX StringNormalizer-10.
 */
export const StringNormalizer = op('StringNormalizer', {
  domain: 'cuvee',
  attributes: {
    case_change_action: oneOf(['NONE', 'LOWER', 'UPPER'], 'NONE'),
    is_case_sensitive: bool(false),
    stopwords: texts([]),
    locale: text('en-US'),
  },
  inputs: [port('data', string)],
  outputs: [port('output', string)],

  infer({ data }, _, ctx) {
    const rank = data.shape?.length;
    if (rank !== undefined && rank !== 1 && rank !== 2) ctx.fail(`words have rank 1 or 2, these have ${rank}`);
    if (rank === 2) ctx.requireEqual('the number of rows', data.shape?.[0] ?? 1, 1);
    return { type: 'string', shape: rank === undefined ? undefined : rank === 1 ? [ctx.fresh(0)] : [1, ctx.fresh(1)] };
  },

  evaluate({ data }, { case_change_action, is_case_sensitive, stopwords, locale }) {
    const language = locale.replace('_', '-').replace(/\..*$/, '');
    const lower = (s: string): string => inLanguage(() => s.toLocaleLowerCase(language), language);
    const key = is_case_sensitive ? (s: string): string => s : lower;
    const stops = new Set(stopwords.map(key));
    const left = (data.data as readonly string[]).filter((s) => !stops.has(key(s)));
    const upper = (s: string): string => inLanguage(() => s.toLocaleUpperCase(language), language);
    const change = case_change_action === 'LOWER' ? lower : case_change_action === 'UPPER' ? upper : (s: string): string => s;
    const words = left.length === 0 ? [''] : left.map(change);
    return { type: 'string', shape: data.shape.length === 2 ? [1, words.length] : [words.length], data: words };
  },
});

/** Throws ARGUMENT_INVALID for a locale that is none. */
function inLanguage(change: () => string, language: string): string {
  try {
    return change();
  } catch (cause) {
    throw new CuveeError('ARGUMENT_INVALID', `"${language}" is no locale`, { cause });
  }
}

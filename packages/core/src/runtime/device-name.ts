/**
 * @file The text that names a device: `CPU`, `GPU.0`, `AUTO:GPU,CPU`, `AUTO:GPU,HETERO(NPU,CPU)`, `MULTI:CPU(4),GPU(2)`, `AUTO:-CPU`.
 *
 * ```text
 * device := NAME [ '.' id ] ( ':' list | [ '(' list ')' ] [ '(' number ')' ] )
 * list   := item { ',' item }            item := device | '-' NAME [ '.' id ]
 * NAME   := A-Z { A-Z 0-9 _ }            id   := word { '.' word }, words of letters, digits and _
 * ```
 * A list after `:` goes on to the end of the text, or of the parentheses around it; so what follows it belongs to its last device.
 */
import { CuveeError } from '../errors.js';

/** A parsed device text. */
export interface DeviceName {
  /** Plugin name, `GPU`. */
  readonly name: string;
  /** After the dot: which of several devices; '' for any. */
  readonly id: string;
  /** Number in parentheses: requests or batch; 1 to 65535. */
  readonly count?: number;
  /** Written with a minus: leave it out. */
  readonly excluded?: boolean;
  /** Devices in a meta-device's list, one or more; undefined: no list was given. */
  readonly list?: readonly DeviceName[];
}

/** How deep meta-devices may hold meta-devices. */
const maxDepth = 16;
const maxCount = 65535;

/**
 * Parses a device text; `seen` is told of every device in it with its position, counted from 1, inner ones first.
 * Throws ARGUMENT_INVALID with the position of what is wrong.
 */
export function parseDevice(text: string, seen?: (device: DeviceName, position: number) => void): DeviceName {
  let at = 0;
  let depth = 0;
  const fail = (what: string, from = at, more = ''): never => {
    throw new CuveeError('ARGUMENT_INVALID', `device "${shortened(text)}": ${what} at position ${from + 1}${more}`);
  };
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const [found = ''] = pattern.exec(text) ?? [];
    at += found.length;
    return found;
  };
  const close = (): void => {
    if (text[at] !== ')') fail('")" is expected');
    at++;
  };
  const list = (): DeviceName[] => {
    if (++depth > maxDepth) fail(`devices are nested more than ${maxDepth} deep`);
    const items = [item(true)];
    while (text[at] === ',') {
      at++;
      items.push(item(true));
    }
    depth--;
    return items;
  };
  const number = (): number => {
    const from = at;
    const count = Number(take(/\d+/y));
    if (count < 1 || count > maxCount) fail(`a number from 1 to ${maxCount} is expected`, from);
    close();
    return count;
  };
  const item = (inner: boolean): DeviceName => {
    const excluded = inner && text[at] === '-';
    if (excluded) at++;
    const from = at;
    const name = take(/[A-Z][A-Z0-9_]*/y) || fail('a device name (A-Z, digits, _) is expected', at, instead(text.slice(at)));
    const words: string[] = [];
    while (text[at] === '.') {
      at++;
      words.push(take(/\w+/y) || fail('an id (letters, digits, _) is expected'));
    }
    const id = words.join('.');
    if (excluded && (text[at] === ':' || text[at] === '(')) fail('a device that is left out takes no list and no number');
    let inside: DeviceName[] | undefined;
    let count: number | undefined;
    if (text[at] === ':') {
      at++;
      inside = list();
    } else {
      if (text[at] === '(' && !isDigit(text[at + 1])) {
        at++;
        inside = list();
        close();
      }
      if (text[at] === '(') {
        at++;
        count = number();
      }
    }
    const device = { name, id, ...(excluded && { excluded }), ...(inside && { list: inside }), ...(count && { count }) };
    seen?.(device, from + 1);
    return device;
  };
  const parsed = item(false);
  if (at < text.length) fail(`"${shortened(text.slice(at))}" is too much`);
  return parsed;
}

const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

const isDigit = (character: string | undefined): boolean => character !== undefined && /\d/.test(character);

/** What may be meant by a name in small letters or after a space. */
function instead(rest: string): string {
  const [, space = '', word = ''] = /^(\s*)([A-Za-z]\w*)?/.exec(rest) ?? [];
  if (space) return '; a device text has no spaces';
  return word ? `; did you mean ${word.toUpperCase()}?` : '';
}

/** The text of a parsed device, which parses to the same; lists of inner meta-devices in parentheses. */
export function printDevice(device: DeviceName, inner = false): string {
  const { name, id, count, excluded, list } = device;
  const head = `${excluded ? '-' : ''}${name}${id ? `.${id}` : ''}`;
  const number = count === undefined ? '' : `(${count})`;
  if (!list) return head + number;
  const items = list.map((d) => printDevice(d, true)).join(',');
  return inner || number ? `${head}(${items})${number}` : `${head}:${items}`;
}

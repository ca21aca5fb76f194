/** @file The text that names a device: `CPU`, `GPU.0`, `AUTO:GPU,CPU`, `AUTO:GPU,HETERO(NPU,CPU)`, `MULTI:CPU(4),GPU(2)`, `AUTO:-CPU`. */
import { CuveeError } from '../errors.js';

/** A parsed device text. */
export interface DeviceName {
  /** Plugin name, `GPU`. */
  readonly name: string;
  /** After the dot: which of several devices. */
  readonly id: string;
  /** Number in parentheses: requests or batch. */
  readonly count?: number;
  /** Written with a minus: leave it out. */
  readonly excluded?: boolean;
  /** Devices in a meta-device's list; undefined: no list was given. */
  readonly list?: readonly DeviceName[];
}

/** How deep meta-devices may hold meta-devices. */
const maxDepth = 16;

/** Parses a device text. Throws ARGUMENT_INVALID with the position of what is wrong. */
export function parseDevice(text: string): DeviceName {
  let at = 0;
  const fail = (what: string): never => {
    const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
    throw new CuveeError('ARGUMENT_INVALID', `device "${shown}": ${what} at position ${at + 1}`);
  };
  let depth = 0;
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
  const item = (inner: boolean): DeviceName => {
    const excluded = inner && text[at] === '-';
    if (excluded) at++;
    const [name] = /^[A-Z][A-Z0-9_]*/.exec(text.slice(at)) ?? [];
    if (!name) return fail('a device name (A-Z, digits, _) is expected');
    at += name.length;
    const [, id = ''] = /^\.([A-Za-z0-9_.]+)/.exec(text.slice(at)) ?? [];
    at += id === '' ? 0 : id.length + 1;
    const base = { name, id, ...(excluded && { excluded }) };
    if (text[at] === ':') {
      at++;
      return { ...base, list: list() };
    }
    if (text[at] !== '(') return base;
    at++;
    const [digits] = /^\d+/.exec(text.slice(at)) ?? [];
    if (digits) at += digits.length;
    const rest = digits ? { count: Number(digits) } : { list: list() };
    if (text[at] !== ')') return fail('")" is expected');
    at++;
    return { ...base, ...rest };
  };
  const parsed = item(false);
  if (at < text.length) fail(`"${text.slice(at)}" is too much`);
  return parsed;
}

/** The text of a parsed device; lists of inner meta-devices in parentheses. */
export function printDevice(device: DeviceName, inner = false): string {
  const { name, id, count, excluded, list } = device;
  const head = `${excluded ? '-' : ''}${name}${id ? `.${id}` : ''}${count === undefined ? '' : `(${count})`}`;
  if (!list) return head;
  const items = list.map((d) => printDevice(d, true)).join(',');
  return inner ? `${head}(${items})` : `${head}:${items}`;
}

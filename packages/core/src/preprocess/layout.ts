/** @file Layouts: which axis of a tensor means what. */
import { CuveeError } from '../errors.js';

/** An axis: its name in capitals, or undefined where it has none. */
type Axis = string | undefined;

const aliases: Readonly<Record<string, string>> = {
  B: 'N',
  BATCH: 'N',
  CHANNEL: 'C',
  CHANNELS: 'C',
  HEIGHT: 'H',
  WIDTH: 'W',
  DEPTH: 'D',
};
const scalarText = '**SCALAR**';

/**
 * The meanings of a tensor's axes. Immutable.
 *
 * Text: a letter for each axis (`NCHW`), `?` for one without meaning (`NC?`), `...` once for any number of those (`N...C`); or names
 * in brackets (`[batch, channels, height, width]`). Case does not matter; `B`, `batch`, `channel(s)`, `height`, `width` and `depth`
 * are N, C, H, W and D. The empty text is the empty layout: nothing is known.
 */
export class Layout {
  /** Axes from the first on; all of them unless `right` is there. */
  readonly left: readonly Axis[];
  /** Axes up to the last one, after `...`. */
  readonly right: readonly Axis[] | undefined;
  readonly isScalar: boolean;

  /** Throws ARGUMENT_INVALID for a text that is no layout. */
  constructor(text = '') {
    const { left, right } = read(text);
    this.left = left;
    this.right = right;
    this.isScalar = text.trim() === scalarText;
    const names = [...left, ...(right ?? [])].filter((n) => n !== undefined);
    const twice = names.find((n, i) => names.indexOf(n) < i);
    if (twice) fail(text, `dimension ${twice} is defined multiple times`);
  }

  /** Of named axes. */
  static of(axes: readonly Axis[]): Layout {
    return new Layout(`[${axes.map((a) => a ?? '?').join(',')}]`);
  }
  static from(layout: Layout | string): Layout {
    return typeof layout === 'string' ? new Layout(layout) : layout;
  }

  /** Nothing is known. */
  get isEmpty(): boolean {
    return this.right !== undefined && this.left.length + this.right.length === 0;
  }
  /** The number of axes; undefined with `...`. */
  get rank(): number | undefined {
    return this.right ? undefined : this.left.length;
  }
  get isFullyNamed(): boolean {
    return !this.right && this.left.every((a) => a !== undefined);
  }
  has(name: string): boolean {
    return this.left.includes(name) || (this.right?.includes(name) ?? false);
  }
  /** The axis of a name in a tensor of `rank` axes. Throws ARGUMENT_INVALID saying what would need it. */
  axis(name: string, rank: number, what: string): number {
    const at = this.left.indexOf(name);
    const back = this.right?.indexOf(name) ?? -1;
    const axis = at >= 0 ? at : back >= 0 ? rank - (this.right?.length ?? 0) + back : -1;
    if (axis < 0 || axis >= rank) {
      const word = { N: 'batch', C: 'channels', H: 'height', W: 'width', D: 'depth' }[name] ?? name;
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `${what}: layout ${this} doesn't have \`${word}\` dimension${axis < 0 ? '; setLayout says where it is' : ` within ${rank} axes`}`,
      );
    }
    return axis;
  }
  /** Names of all axes of a tensor of `rank` axes. */
  axes(rank: number | undefined): readonly Axis[] {
    if (!this.right) return this.left;
    if (rank === undefined)
      throw new CuveeError('ARGUMENT_INVALID', `conversion of layout ${this} needs a tensor whose number of axes is known`);
    const between = rank - this.left.length - this.right.length;
    if (between < 0) throw new CuveeError('ARGUMENT_INVALID', `layout ${this} is not consistent with a tensor of ${rank} axes`);
    return [...this.left, ...new Array<Axis>(between).fill(undefined), ...this.right];
  }
  /** Whether a tensor of `rank` axes can have it. */
  fits(rank: number | undefined): boolean {
    const named = this.left.length + (this.right?.length ?? 0);
    return rank === undefined || (this.right ? rank >= named : rank === named);
  }
  equals(o: Layout): boolean {
    return this.toString() === o.toString();
  }
  /** `[N,C,H,W]`, `[N,...,C]`. */
  toString(): string {
    if (this.isScalar) return scalarText;
    return `[${[...this.left, ...(this.right ? ['...', ...this.right] : [])].map((a) => a ?? '?').join(',')}]`;
  }
}

function fail(text: string, why: string): never {
  throw new CuveeError('ARGUMENT_INVALID', `${JSON.stringify(text)} is no layout: ${why}`);
}

function read(text: string): { readonly left: readonly Axis[]; readonly right: readonly Axis[] | undefined } {
  const trimmed = text.trim();
  if (text === '') return { left: [], right: [] };
  if (trimmed === scalarText) return { left: [], right: undefined };
  if (trimmed === '') return fail(text, 'it is empty');
  const listed = trimmed.length >= 2 && trimmed.startsWith('[') && trimmed.endsWith(']');
  const inner = listed ? trimmed.slice(1, -1) : trimmed;
  if (listed && inner === '') return fail(text, 'it is empty');
  const at = inner.indexOf('...');
  const rest = at < 0 ? inner : inner.slice(0, at) + inner.slice(at + 3);
  if (rest.includes('.')) fail(text, at < 0 ? 'an undefined number of dimensions is written ...' : 'multiple ... are not allowed');
  if (!listed) {
    const axes = (part: string): Axis[] => [...part].map((c) => named(c, text));
    return at < 0 ? { left: axes(inner), right: undefined } : { left: axes(inner.slice(0, at)), right: axes(inner.slice(at + 3)) };
  }
  const axes = (part: string): Axis[] => part.split(',').map((c) => named(c.trim(), text));
  if (at < 0) return { left: axes(inner), right: undefined };
  const [before, after] = [inner.slice(0, at).trim(), inner.slice(at + 3).trim()];
  if (before !== '' && !before.endsWith(',')) fail(text, 'invalid left side: a comma was expected before ...');
  if (after !== '' && !after.startsWith(',')) fail(text, 'invalid right side: a comma was expected after ...');
  return { left: before === '' ? [] : axes(before.slice(0, -1)), right: after === '' ? [] : axes(after.slice(1)) };
}

function named(name: string, text: string): Axis {
  if (name === '?') return undefined;
  if (name === '') return fail(text, "a dimension's name can't be empty");
  if (!/^\w+$/.test(name) || !/[A-Za-z0-9]/.test(name))
    return fail(text, `dimension ${JSON.stringify(name)}: only english letters, digits and _ are allowed, _ not alone`);
  const upper = name.toUpperCase();
  return aliases[upper] ?? upper;
}

/**
 * The order in which a tensor's axes are taken to have layout `to`: result axis i is axis order[i]. Axes without a name fill the
 * places that are left, in their order. Undefined when nothing moves or one of them is empty. Throws ARGUMENT_INVALID.
 */
export function permutation(from: Layout, to: Layout, rank: number | undefined): readonly number[] | undefined {
  if (from.equals(to) || from.isEmpty || to.isEmpty) return undefined;
  const [a, b] = [from.axes(rank), to.axes(rank)];
  if (a.length !== b.length)
    throw new CuveeError('ARGUMENT_INVALID', `layouts with different sizes cannot be converted: ${from} <-> ${to}`);
  if (rank !== undefined && rank !== a.length)
    throw new CuveeError('ARGUMENT_INVALID', `layout ${from} <-> ${to} is not consistent with a tensor of ${rank} axes`);
  const count = (axes: readonly Axis[]): number => axes.filter((n) => n !== undefined).length;
  const order = count(a) > count(b) ? inverse(mapped(b, a, from)) : mapped(a, b, to);
  return order.every((p, i) => p === i) ? undefined : order;
}

/** The permutation that undoes one. */
export function inverse(order: readonly number[]): readonly number[] {
  const back = new Array<number>(order.length);
  order.forEach((p, i) => {
    back[p] = i;
  });
  return back;
}

function mapped(from: readonly Axis[], to: readonly Axis[], target: Layout): readonly number[] {
  const order = new Array<number>(from.length).fill(-1);
  from.forEach((name, i) => {
    if (name === undefined) return;
    const at = to.indexOf(name);
    if (at < 0) throw new CuveeError('ARGUMENT_INVALID', `dimension name '${name}' is not found in layout ${target}`);
    order[at] = i;
  });
  const free = from.map((_, i) => i).filter((i) => !order.includes(i));
  return order.map((p) => (p < 0 ? (free.shift() as number) : p));
}

/** The layout after a transposition; result axis i is axis order[i]. Throws ARGUMENT_INVALID for an order that is none. */
export function permuted(layout: Layout, order: readonly number[]): Layout {
  order.forEach((p, i) => {
    if (!(p >= 0 && p < order.length)) throw new CuveeError('ARGUMENT_INVALID', `convert layout: dimension ${p} is out of bounds`);
    if (order.indexOf(p) < i) throw new CuveeError('ARGUMENT_INVALID', `convert layout: dimension ${p} is used more than once`);
  });
  if (layout.isEmpty) return layout;
  if (layout.right) throw new CuveeError('ARGUMENT_INVALID', `layout conversion by indexes is not possible for dynamic layout ${layout}`);
  return Layout.of(order.map((p) => layout.left[p]));
}

/**
 * Axes of `model` that `tensor` lacks, to be taken out: [N,C,H,W] for a tensor [H,W,C] has axis 0 too many. Both must name all
 * axes. Undefined when there are none. Throws ARGUMENT_INVALID.
 */
export function surplus(model: Layout, tensor: Layout): readonly number[] | undefined {
  if (model.rank === undefined || tensor.rank === undefined || model.rank <= tensor.rank) return undefined;
  for (const [what, layout] of [
    ['model', model],
    ['tensor', tensor],
  ] as const)
    if (!layout.isFullyNamed)
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `layout conversion ${tensor} <-> ${model} is not supported: use a fully specified ${what} layout`,
      );
  const missing = tensor.left.filter((n) => !model.has(n as string));
  if (missing.length > 0)
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `tensor layout ${tensor} has dimensions missing in model layout ${model}: ${missing.join(', ')}`,
    );
  return model.left.map((n, i) => (tensor.has(n as string) ? -1 : i)).filter((i) => i >= 0);
}

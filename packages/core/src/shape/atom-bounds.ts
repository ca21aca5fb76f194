/** What an operation's bounds, congruence and sole symbol follow from: those of its arguments. @internal */
import { tightBounds } from './bounds.js';
import type { Atom, Dim, Pred, Range } from './expr.js';
import { endQuotient, endTruncated, floorDivide, floorModulo, gcd, highEnd, lowEnd } from './interval.js';
import { BCAST, FDIV, FSCALE, MAX, MOD, TDIV } from './kinds.js';
import { scaleNumber } from './scale.js';

const one = (d: Dim): Range => (typeof d === 'number' ? [d, d] : tightBounds(d));
const holdsOne = (r: Range): boolean => r[0] <= 1 && r[1] >= 1;

/** Hull of the sizes two broadcast operands can give together: (A∩B) ∪ (1∈A ? B) ∪ (1∈B ? A); undefined if there is none. */
export function broadcastHull(a: Range, b: Range): Range | undefined {
  let lo = Math.max(a[0], b[0]),
    hi = Math.min(a[1], b[1]);
  if (lo > hi) {
    lo = Infinity;
    hi = -Infinity;
  }
  if (holdsOne(a)) {
    lo = Math.min(lo, b[0]);
    hi = Math.max(hi, b[1]);
  }
  if (holdsOne(b)) {
    lo = Math.min(lo, a[0]);
    hi = Math.max(hi, a[1]);
  }
  return lo > hi ? undefined : [lo, hi];
}

/** Bounds, congruence and sole symbol of an operation from those of its arguments. */
export function boundAtom(atom: Atom): void {
  const { kind, args } = atom;
  const [alo, ahi] = one(args[0]!);
  let lo = -Infinity,
    hi = Infinity;
  if (kind === FDIV || kind === TDIV) {
    const [dlo, dhi] = one(args[1]!);
    const least = Math.max(1, dlo),
      most = Math.max(1, dhi);
    const quotient = kind === FDIV ? endQuotient : endTruncated;
    lo = quotient(alo, alo >= 0 ? most : least);
    hi = quotient(ahi, ahi >= 0 ? least : most);
    const d = args[1]!,
      e = args[0]!;
    if (kind === FDIV && typeof d === 'number' && typeof e !== 'number' && e.mod % d === 0) {
      atom.mod = e.mod / d;
      atom.rem = floorModulo(floorDivide(e.rem, d), atom.mod);
    }
  } else if (kind === MOD) {
    lo = 0;
    hi = Math.max(0, one(args[1]!)[1] - 1);
    if (alo >= 0) hi = Math.min(hi, ahi);
  } else if (kind === FSCALE) {
    const x = scaleNumber(alo, atom.scale, atom.rounding),
      y = scaleNumber(ahi, atom.scale, atom.rounding);
    lo = Math.min(x, y);
    hi = Math.max(x, y);
  } else {
    lo = alo;
    hi = ahi;
    for (let i = 1; i < args.length; i++) {
      const r = one(args[i]!);
      if (kind === MAX) {
        lo = Math.max(lo, r[0]);
        hi = Math.max(hi, r[1]);
        continue;
      }
      const hull: Range =
        kind === BCAST
          ? (broadcastHull([lo, hi], r) ?? [Math.min(lo, r[0]), Math.max(hi, r[1])])
          : [Math.min(lo, r[0]), Math.max(hi, r[1])];
      lo = hull[0];
      hi = hull[1];
    }
    if (kind !== BCAST) joinCongruence(atom);
  }
  atom.lo = lowEnd(lo);
  atom.hi = highEnd(hi);
  let sole: Atom | null | undefined = atom.pred ? predSole(atom.pred) : undefined;
  for (const a of args) {
    if (typeof a === 'number') continue;
    sole = sole === undefined || sole === a.sole ? a.sole : null;
  }
  atom.sole = sole ?? null;
}

/** One of several values: congruent modulo the gcd of their moduli and differences. */
function joinCongruence(atom: Atom): void {
  const rem = (d: Dim): number => (typeof d === 'number' ? d : d.rem);
  const first = rem(atom.args[0]!);
  let mod = 0;
  for (const a of atom.args) {
    if (typeof a !== 'number') mod = gcd(mod, a.mod);
    const difference = rem(a) - first;
    if (!Number.isSafeInteger(difference)) return;
    mod = gcd(mod, difference);
  }
  if (mod > 1) {
    atom.mod = mod;
    atom.rem = floorModulo(first, mod);
  }
}

function predSole(p: Pred): Atom | null {
  if (p.e) return p.e.sole;
  const first = predSole(p.parts[0]!);
  return p.parts.every((q) => predSole(q) === first) ? first : null;
}

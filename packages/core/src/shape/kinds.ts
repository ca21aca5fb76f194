/** Kinds of atoms and conditions, and the limits of the normal form. @internal */

/** Atom kinds. */
export const SYM = 0,
  FDIV = 1,
  MOD = 2,
  MAX = 3,
  BCAST = 4,
  SEL = 5,
  FSCALE = 6,
  TDIV = 7;

/** Condition kinds: e ≥ 0, e = 0, e ≠ 0, any of, all of. */
export const GE = 0,
  EQ = 1,
  NE = 2,
  OR = 3,
  AND = 4;

/** Beyond these an operand or a result becomes a `def` symbol: the program still computes it, only proofs stop. */
export const MAX_TERMS = 24,
  MAX_DEGREE = 4,
  MAX_DEPTH = 8,
  MAX_PRODUCTS = 32,
  MAX_ARGS = 4,
  MAX_EXPRS = 20_000;

/** @file Which symbols an expression is made of. */
import type { Atom, Dim, Origin, Pred } from './expr.js';

/** Origins of all symbols in `d`; the symbols of a `def` are those of its definition. */
export const originsOf = (d: Dim): ReadonlySet<Origin> => collect(d, undefined);
/** Origins of all symbols in a condition. */
export const originsOfCondition = (p: Pred): ReadonlySet<Origin> => collect(0, p);

function collect(d: Dim, p: Pred | undefined): ReadonlySet<Origin> {
  const found = new Set<Origin>();
  const seen = new Set<Atom>();
  const visit = (e: Dim): void => {
    if (typeof e !== 'number') for (const mono of e.monos) mono.atoms.forEach(visitAtom);
  };
  const visitPred = (p: Pred): void => {
    if (p.e) visit(p.e);
    p.parts.forEach(visitPred);
  };
  const visitAtom = (a: Atom): void => {
    if (seen.has(a)) return;
    seen.add(a);
    if (a.origin?.kind === 'def') visit(a.origin.of);
    else if (a.origin) found.add(a.origin);
    a.args.forEach(visit);
    if (a.pred) visitPred(a.pred);
  };
  visit(d);
  if (p) visitPred(p);
  return found;
}

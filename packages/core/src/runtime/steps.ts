/**
 * @file Long work in steps. It is written once, as a generator that yields now and then; the synchronous API runs it at once, the
 * asynchronous one lets the event loop breathe in between.
 */

import { inferencesRunning } from './load.js';

/** Work that gives `T` at its end, and yields where it may pause. What it works on must be its own: others run meanwhile. */
export type Steps<T> = Generator<void, T, void>;

/** A loop over nodes yields once in so many: a cold engine takes up to 0.1 ms for one of them. */
export const stride = 32;

/** Milliseconds between two breaths; the longest step comes on top, and 20 together are what users are promised. */
const share = 17;

/** The whole work, now. */
export function atOnce<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** Work that nobody waits for takes one part in so many of the time while inferences run, since it would take as much of theirs. */
const oneIn = 24;
/** Milliseconds that such work rests at most: long steps do not make it wait when the inferences are over. */
const longestRest = 50;

/**
 * The whole work, with timers, input and output served about every `pace` milliseconds, or as often as people notice no pause. With a
 * number nobody waits for it: it stands back while inferences run. Rejects with `signal.reason` when aborted.
 */
export async function paced<T>(steps: Steps<T>, signal?: AbortSignal, pace: boolean | number = true): Promise<T> {
  const least = typeof pace === 'number' ? pace : share;
  const idle = typeof pace === 'number';
  if (idle && inferencesRunning() > 0) {
    // Who asks for it has just copied a model or finished what comes before: that was a part of its own.
    await rest(least * (oneIn - 1));
    signal?.throwIfAborted();
  }
  let since = performance.now();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    const took = performance.now() - since;
    if (took < least) continue;
    await (idle && inferencesRunning() > 0 ? rest(Math.min(longestRest, took * (oneIn - 1))) : breath());
    signal?.throwIfAborted();
    since = performance.now();
  }
}

interface Engine {
  readonly setImmediate?: (done: () => void) => unknown;
  readonly setTimeout: (done: () => void, milliseconds: number) => unknown;
}
declare const performance: { now(): number };

const rest = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void (globalThis as unknown as Engine).setTimeout(resolve, milliseconds));

/** Resolves when what waits in the event loop has had its turn. Browsers have no immediates, and hold timers back for at most 4 ms. */
function breath(): Promise<void> {
  const engine = globalThis as unknown as Engine;
  return new Promise((resolve) => {
    if (engine.setImmediate) engine.setImmediate(resolve);
    else engine.setTimeout(resolve, 0);
  });
}

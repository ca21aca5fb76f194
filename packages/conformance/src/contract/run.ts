/** @file Runs checks of the contract on a device. */
import type { Outcome } from '../case.js';
import { type Check, NotOffered } from './check.js';
import { checks } from './index.js';
import { Subject, type SubjectOptions } from './subject.js';

/** Runs one check; whatever it throws is what the device does wrong. */
export async function runCheck(one: Check, options: SubjectOptions, timeout = 60_000): Promise<Outcome> {
  const start = performance.now();
  const done = (outcome: Outcome): Outcome => ({
    ...outcome,
    ms: Math.round((performance.now() - start) * 10) / 10,
    says: one.says.join(' '),
  });
  let subject: Subject | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hang: it did not end within ${timeout / 1000} s`)), timeout);
  });
  try {
    const work = async (): Promise<void> => {
      subject = await Subject.of(options);
      await one.run(subject);
    };
    await Promise.race([work(), late]);
    return done({ status: 'pass' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return done(error instanceof NotOffered ? { status: 'skip', reason: `not offered: ${reason}` } : { status: 'fail', reason });
  } finally {
    clearTimeout(timer);
    subject?.end();
  }
}

/** Runs all checks, or those of these names. */
export async function runContract(
  options: SubjectOptions & { readonly only?: (id: string) => boolean; readonly timeout?: number },
): Promise<Record<string, Outcome>> {
  const outcomes: Record<string, Outcome> = {};
  for (const one of checks) if (options.only?.(one.id) ?? true) outcomes[one.id] = await runCheck(one, options, options.timeout);
  return outcomes;
}

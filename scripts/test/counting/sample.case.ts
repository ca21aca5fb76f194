/** @file What reporter.test.ts counts: on purpose one failure, and skips with and without reasons. */
import { describe, expect, it } from 'vitest';

it('passes', () => expect(1).toBe(1));
it('fails', () => expect(1).toBe(2));
it('asks the machine', (context) => context.skip('needs a GPU'));
it.skip('reads a file (the file is absent)', () => undefined);
it.skip('says nothing', () => undefined);
describe.skip('suite (needs AVX-512)', () => {
  it('inherits the reason', () => undefined);
});

import { readFileSync } from 'node:fs';
import { CuveeError } from '@cuvee/core';
import { expect, it } from 'vitest';
import { readModelProto } from '../src/proto/index.js';
import { translate } from '../src/translate.js';
import { mutate } from './mutate.js';

const seeds = JSON.parse(readFileSync(new URL('./fixtures/versions.json', import.meta.url), 'utf8')) as readonly {
  readonly name: string;
  readonly model: string;
}[];

it('a model with one to three semantic mutations reads, or is refused with a reason', () => {
  const tally = { read: 0, refused: 0 };
  for (let seed = 0; seed < 3000; seed++) {
    const { name, model } = seeds[seed % seeds.length] as (typeof seeds)[number];
    const bytes = new Uint8Array(Buffer.from(model, 'base64'));
    const mutated = mutate(readModelProto(bytes), seed);
    const started = performance.now();
    try {
      translate(mutated.model, { bytes });
      tally.read++;
    } catch (error) {
      const code = error instanceof CuveeError ? error.code : String(error);
      expect(['MODEL_INVALID', 'MODEL_UNSUPPORTED'], `seed ${seed}, ${name}, ${mutated.what}: ${String(error)}`).toContain(code);
      tally.refused++;
    }
    expect(performance.now() - started, `seed ${seed}, ${name}, ${mutated.what}`).toBeLessThan(5000);
  }
  expect(tally.read).toBeGreaterThan(300);
  expect(tally.refused).toBeGreaterThan(1000);
});

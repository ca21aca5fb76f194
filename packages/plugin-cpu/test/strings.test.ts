/** Strings through plans: ports, requests, blobs, and what is refused. */
import { expect, test } from 'vitest';
import { builder, Core, Literal, Model, Tensor } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';

const core = new Core({ plugins: [cpu()], frontends: [] });

/** Each word with an exclamation mark, or the answer to it when it is the question; and whether it is. */
function answering(): Model {
  const g = builder();
  const x = g.parameter('string', '[?]', 'words');
  const asked = g.equal(x, g.constant(Literal.of('string', [], ['why €?'])));
  const y = g.select(
    asked,
    g.constant(Literal.of('string', [1], ['because'])),
    g.stringConcat(x, g.constant(Literal.of('string', [], ['!']))),
  );
  return new Model({ name: 'answers', parameters: [x.node], results: [g.result(y, 'answers'), g.result(asked, 'asked')], scope: g.scope });
}
const words = (...list: string[]): Tensor => Tensor.from('string', [list.length], list);

test('requests take and give strings of any number and length, at once or later', async () => {
  const compiled = await core.compileModel(answering(), 'CPU');
  const request = compiled.createInferRequest();
  const answers = (): unknown => request.getOutputTensor(0).values();
  await request.inferAsync([words('why €?', '', '😀')]);
  expect([answers(), [...(request.getOutputTensor(1).values() as Uint8Array)]]).toEqual([
    ['because', '!', '😀!'],
    [1, 0, 0],
  ]);
  request.infer([words('a'.repeat(1000))]);
  expect(answers()).toEqual([`${'a'.repeat(1000)}!`]);
  await request.inferAsync([words()]);
  expect([answers(), request.getOutputTensor(0).shape]).toEqual([[], [0]]);
});

test('a blob keeps them', async () => {
  const compiled = await core.compileModel(answering(), 'CPU');
  const again = await core.importModel(Buffer.from(await compiled.exportModel()), 'CPU');
  const request = again.createInferRequest();
  await request.inferAsync([words('why €?')]);
  expect(request.getOutputTensor(0).values()).toEqual(['because']);
});

test('what has no meaning on the device is named', async () => {
  const g = builder();
  const x = g.parameter('string', '[?]', 'words');
  const model = new Model({
    name: 'm',
    parameters: [x.node],
    results: [g.result(g.regexFullMatch(x, { pattern: '(a)\\1' }))],
    scope: g.scope,
  });
  await expect(core.compileModel(model, 'CPU')).rejects.toThrow(/a pattern with "\\1"/);
  expect(Object.keys(await core.queryModel(model, 'CPU')).length).toBeLessThan(model.nodes().length);
});

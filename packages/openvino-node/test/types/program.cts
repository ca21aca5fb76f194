// A program for openvino-node as TypeScript sees it: types.test.ts checks it, nobody runs it.
import { addon as ov } from '@cuvee/openvino-node';
import type { CompiledModel, Core, InferRequest, Model, NodeAddon, Output, PartialShape, Tensor } from '@cuvee/openvino-node';

const addon: NodeAddon = ov;
const core: Core = new addon.Core();
export async function main(): Promise<void> {
  const model: Model = await core.readModel('m.xml');
  const output: Output = model.output(0);
  const shape: number[] = output.getShape();
  const partial: PartialShape = output.getPartialShape();
  const compiled: CompiledModel = await core.compileModel(model, 'CPU', { PERFORMANCE_HINT: 'LATENCY' });
  const request: InferRequest = compiled.createInferRequest();
  const tensor: Tensor = new ov.Tensor(ov.element.f32, Int32Array.from([1, 2]), new Float32Array(2));
  const results: { [name: string]: Tensor } = await request.inferAsync([tensor]);
  const data = Object.values(request.infer({ x: new Float32Array(2) }))[0]?.data as Float32Array;
  await core.importModel(compiled.exportModelSync(), 'CPU');
  const steps = new ov.preprocess.PrePostProcessor(model);
  steps.input(0).tensor().setShape([1, 2, 3]).setLayout('NHWC');
  steps.input(0).preprocess().resize(ov.preprocess.resizeAlgorithm.RESIZE_LINEAR);
  steps.build();
  ov.saveModelSync(model, 'a.xml', false);
  const queue = new ov.AsyncInferQueue(compiled, 2);
  queue.setCallback((error, done, user) => {
    if (error) throw error;
    console.log(done.getOutputTensor().getData().length, user);
  });
  await queue.startAsync({ x: tensor }, 1);
  model.reshape('[1,2]').reshape(new Map([['x', '[1,2]']]));
  console.log(shape, partial, results, data, core.getVersions('CPU').CPU?.description);
}

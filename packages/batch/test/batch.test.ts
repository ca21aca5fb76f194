import { describe, expect, it } from 'vitest';
import { builder, Core, CuveeError, Model } from '@cuvee/core';
import batch from '@cuvee/batch';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';

const core = new Core({ plugins: [batch(), cpu(), reference()] });
function relu(): Model {
  const g = builder();
  const x = g.parameter('f32', '?,2', 'x');
  return new Model({ name: 'relu', parameters: [x.node], results: [g.result(g.relu(x), 'y')], scope: g.scope });
}
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof CuveeError ? error.code : String(error);
  }
  return 'nothing thrown';
};

describe('BATCH', () => {
  it.each(['BATCH:CPU(4)', 'BATCH:CPU(1)', 'BATCH:REFERENCE'])('%s runs what the device runs, at once and later', async (device) => {
    const compiled = core.compileModelSync(relu(), device);
    const request = compiled.createInferRequest();
    const x = Float32Array.of(-1, 2);
    const tensor = request.getInputTensor();
    tensor.setShape([1, 2]);
    tensor.data = x;
    for (const outputs of [request.infer(), await request.inferAsync()])
      expect([...(Object.values(outputs)[0]?.data as Float32Array)]).toEqual([0, 2]);
    expect(compiled.getProperty('EXECUTION_DEVICES')).toEqual([device.replace(/BATCH:|\(.*/g, '')]);
    expect(compiled.getProperty('OPTIMAL_BATCH_SIZE')).toBe({ 'BATCH:CPU(4)': 4, 'BATCH:CPU(1)': 1 }[device] ?? 16);
    expect(Object.values(core.queryModel(relu(), device))).toHaveLength(3);
  });

  it('AUTO_BATCH_TIMEOUT is given as text or number, changes on the compiled model, and reads back as a number', () => {
    const compiled = core.compileModelSync(relu(), 'BATCH:CPU', { AUTO_BATCH_TIMEOUT: '1' });
    expect(compiled.getProperty('AUTO_BATCH_TIMEOUT')).toBe(1);
    compiled.setProperty({ AUTO_BATCH_TIMEOUT: '321' });
    compiled.setProperty({ AUTO_BATCH_TIMEOUT: 132 });
    expect(compiled.getProperty('AUTO_BATCH_TIMEOUT')).toBe(132);
    compiled.setProperty({});
    expect(core.compileModelSync(relu(), 'BATCH:CPU').getProperty('AUTO_BATCH_TIMEOUT')).toBe(1000);
    expect(codeOf(() => compiled.setProperty({ AUTO_BATCH_TIMEOUT: -1 }))).toBe('PROPERTY_INVALID');
    expect(codeOf(() => compiled.getProperty('PROPERTY_THAT_DOES_NOT_EXIST'))).toBe('PROPERTY_UNKNOWN');
    expect(core.compileModelSync(relu(), 'BATCH:CPU', { PERF_COUNT: true }).getProperty('PERF_COUNT')).toBe(true);
  });

  it.each([
    ['BATCH', 'ARGUMENT_INVALID'],
    ['BATCH:CPU,REFERENCE', 'ARGUMENT_INVALID'],
    ['BATCH:-CPU', 'ARGUMENT_INVALID'],
    ['BATCH:BATCH(CPU)', 'ARGUMENT_INVALID'],
    ['BATCH:GPU', 'DEVICE_NOT_FOUND'],
  ])('%s is refused with %s', (device, code) => {
    expect(codeOf(() => core.compileModelSync(relu(), device))).toBe(code);
  });
});

import { describe, expect, it } from 'vitest';
import { builder, Core, CuveeError, Model, Tensor } from '@cuvee/core';
import { auto } from '@cuvee/auto';
import { hetero } from '@cuvee/hetero';
import { multi } from '@cuvee/multi';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { addOne, fake, type Fake } from '../../core/test/runtime/fake.js';

const coreWith = (...fakes: Fake[]): Core => new Core({ plugins: [auto(), hetero(), multi(), cpu(), reference(), ...fakes] });

/** `y = sigmoid(relu(x) · w)`, `z = relu(x)`. */
function network(): Model {
  const g = builder();
  const x = g.parameter('f32', '?,4', 'x');
  const a = g.relu(x);
  const y = g.sigmoid(
    g.matMul(
      a,
      g.constant(
        'f32',
        [4, 3],
        Array.from({ length: 12 }, (_, i) => i / 7 - 0.8),
      ),
    ),
  );
  y.names = ['y'];
  a.names = ['z'];
  return new Model({ name: 'network', parameters: [x.node], results: [g.result(y), g.result(a)], scope: g.scope });
}
/** Says by hand where an operation shall run. */
function place(model: Model, op: string, device: string): void {
  for (const node of model.nodes()) if (node.op.name === op) node.rtInfo = { ...node.rtInfo, affinity: { value: device } };
}
const input = (rows = 2): Tensor =>
  new Tensor(
    'f32',
    [rows, 4],
    Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i)),
  );
const values = (t: Tensor | undefined): number[] => Array.from(t?.data as Float32Array);
const refused = (name: string, code: 'MODEL_UNSUPPORTED' | 'OUT_OF_MEMORY' = 'MODEL_UNSUPPORTED'): Fake =>
  fake(name, {
    compile: () => {
      throw new CuveeError(code, 'not for me');
    },
    query: (model) => new Map(model.nodes().map((n) => [n, 'not for me'])),
  });

describe('every way to a device', () => {
  const texts = [
    'CPU',
    'REFERENCE',
    'AUTO',
    'AUTO:CPU',
    'AUTO:-CPU',
    'AUTO:REFERENCE,CPU',
    'MULTI:CPU,REFERENCE',
    'MULTI:CPU(3)',
    'HETERO:CPU,REFERENCE',
    'HETERO:REFERENCE',
    'AUTO:HETERO(REFERENCE,CPU)',
    'MULTI:HETERO(CPU,REFERENCE),CPU',
  ];
  it.each(texts)('%s: compiles at once, infers both ways with equal outputs, for changing shapes', async (device) => {
    const core = coreWith();
    const want = core.compileModelSync(network(), 'REFERENCE').createInferRequest();
    using compiled = core.compileModelSync(network(), device);
    using request = compiled.createInferRequest();
    for (const rows of [2, 1, 5]) {
      const expected = want.infer({ x: input(rows) });
      for (const outputs of [await request.inferAsync({ x: input(rows) }), request.infer([input(rows)])]) {
        for (const name of ['y', 'z']) {
          expect(outputs[name]?.shape).toEqual(expected[name]?.shape);
          values(outputs[name]).forEach((v, i) => expect(v).toBeCloseTo(values(expected[name])[i] as number, 5));
        }
      }
    }
    expect(compiled.executionDevices.length).toBeGreaterThan(0);
    expect(compiled.explain().summary.device).toBeDefined();
  });
});

describe('AUTO', () => {
  it('takes the first that can, and tells why it left the others', () => {
    const compiled = coreWith(refused('GPU'), refused('NPU')).compileModelSync(network(), 'AUTO');
    expect(compiled.executionDevices).toEqual(['CPU']);
    const { summary } = compiled.explain();
    expect(summary.device).toBe('AUTO');
    expect(summary.GPU).toContain('not for me');
    expect(summary.NPU).toContain('not for me');
    expect(summary.CPU).toContain('serves');
  });
  it('takes the reasons together when none can, with their code where they agree', () => {
    const failure = (list: string): CuveeError => {
      try {
        coreWith(refused('GPU'), refused('NPU', 'OUT_OF_MEMORY')).compileModelSync(network(), list);
      } catch (error) {
        return error as CuveeError;
      }
      return expect.fail('it compiled');
    };
    expect(failure('AUTO:GPU,NPU')).toMatchObject({ code: 'MODEL_UNSUPPORTED' });
    expect(failure('AUTO:GPU,NPU').message).toMatch(/GPU: .*not for me; NPU: .*not for me/);
    expect(failure('AUTO:NPU')).toMatchObject({ code: 'OUT_OF_MEMORY' });
    expect(failure('AUTO:NOPE')).toMatchObject({ code: 'DEVICE_NOT_FOUND' });
    expect(failure('AUTO:-CPU,-REFERENCE,-GPU,-NPU')).toMatchObject({ code: 'DEVICE_NOT_FOUND' });
    expect(failure('AUTO:AUTO')).toMatchObject({ code: 'ARGUMENT_INVALID' });
  });
  it('hands its properties to devices that know them, and others by name', () => {
    const core = coreWith();
    expect(core.compileModelSync(network(), 'AUTO:CPU', { INFERENCE_NUM_THREADS: 1 }).getProperty('INFERENCE_NUM_THREADS')).toBe(1);
    expect(
      core.compileModelSync(network(), 'AUTO:REFERENCE', { INFERENCE_NUM_THREADS: 1, PERFORMANCE_HINT: 'THROUGHPUT' }).executionDevices,
    ).toEqual(['REFERENCE']);
    expect(
      core.compileModelSync(network(), 'AUTO:CPU', { DEVICE_PROPERTIES: { CPU: { NUM_STREAMS: 1 } } }).getProperty('NUM_STREAMS'),
    ).toBe(1);
    for (const config of [{ NOPE: 1 }, { DEVICE_PROPERTIES: { CPU: { NOPE: 1 } } }]) {
      expect(() => core.compileModelSync(network(), 'AUTO:CPU,REFERENCE', config)).toThrow(
        expect.objectContaining({ code: 'PROPERTY_UNKNOWN' }),
      );
    }
  });
  it('stops when it is told to', async () => {
    const compiling = coreWith().compileModel(network(), 'AUTO', {}, { signal: AbortSignal.abort(new Error('stop')) });
    await expect(compiling).rejects.toThrow('stop');
  });
});

describe('HETERO', () => {
  it('puts nodes where their affinity says, and runs every part there', async () => {
    const core = coreWith();
    const model = network();
    place(model, 'Sigmoid', 'REFERENCE');
    const compiled = core.compileModelSync(model, 'HETERO:CPU,REFERENCE');
    expect([...compiled.executionDevices].toSorted()).toEqual(['CPU', 'REFERENCE']);
    const { rows } = compiled.explain();
    expect(rows.map((r) => r.device)).toEqual(['CPU', 'REFERENCE']);
    const want = core.compileModelSync(network(), 'CPU').createInferRequest().infer({ x: input() });
    const got = await compiled.createInferRequest().inferAsync({ x: input() });
    values(got.y).forEach((v, i) => expect(v).toBeCloseTo(values(want.y)[i] as number, 5));
  });
  it('refuses affinity to a device that is not in the list, and nodes that nobody runs', () => {
    const model = network();
    place(model, 'Sigmoid', 'GPU');
    expect(() => coreWith().compileModelSync(model, 'HETERO:CPU')).toThrow(/its affinity is GPU, which is not among CPU/);
    expect(() => coreWith(refused('GPU')).compileModelSync(network(), 'HETERO:GPU')).toThrow(
      expect.objectContaining({ code: 'MODEL_UNSUPPORTED' }),
    );
    for (const text of ['HETERO', 'HETERO:HETERO(CPU)', 'MULTI', 'MULTI:CPU(0)']) {
      expect(() => coreWith().compileModelSync(network(), text)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
    }
  });
});

describe('MULTI', () => {
  it('spreads requests over its devices, and makes those wait that find none idle', async () => {
    const [one, two] = [fake('ONE'), fake('TWO')];
    const compiled = coreWith(one, two).compileModelSync(addOne(), 'MULTI:ONE(1),TWO(1)');
    expect(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS')).toBe(2);
    const requests = [1, 2, 3].map(() => compiled.createInferRequest());
    const runs = requests.map((r, i) => r.inferAsync({ x: new Tensor('f32', [1, 2], Float32Array.of(i, i)) }));
    const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
    await settle();
    expect([one.runs.length, two.runs.length]).toEqual([1, 1]);
    two.runs[0]?.end();
    await settle();
    expect([one.runs.length, two.runs.length]).toEqual([1, 2]);
    one.runs[0]?.end();
    two.runs[1]?.end();
    expect((await Promise.all(runs)).map((o) => values(Object.values(o)[0])[0])).toEqual([1, 2, 3]);
    expect(requests.map((r) => r.executionDevices[0])).toEqual(['ONE', 'TWO', 'TWO']);
  });
  it('lets a request leave the line when it is aborted', async () => {
    const one = fake('ONE');
    const compiled = coreWith(one).compileModelSync(addOne(), 'MULTI:ONE(1)');
    const x = new Tensor('f32', [1, 2]);
    const first = compiled.createInferRequest().inferAsync({ x });
    const waiting = compiled.createInferRequest();
    const second = waiting.inferAsync({ x });
    await Promise.resolve();
    waiting.cancel();
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
    one.runs[0]?.end();
    await first;
    expect(one.runs).toHaveLength(1);
  });
});

describe('real runs', () => {
  it('many requests of one model at the same time give what each gives alone', async () => {
    const compiled = coreWith().compileModelSync(network(), 'CPU', { PERFORMANCE_HINT: 'THROUGHPUT' });
    const alone = compiled.createInferRequest();
    const rows = [1, 7, 3, 20, 2, 64, 5, 11];
    const wanted = rows.map((n) => values(alone.infer({ x: input(n) }).y));
    for (let round = 0; round < 5; round++) {
      const got = await Promise.all(rows.map((n) => compiled.createInferRequest().inferAsync({ x: input(n) })));
      expect(got.map((o) => values(o.y))).toEqual(wanted);
    }
  });
  it('outputs are views until the next run, slices stay', () => {
    const request = coreWith().compileModelSync(network(), 'CPU').createInferRequest();
    const first = request.infer({ x: input() });
    const kept = first.y?.slice();
    const before = values(kept);
    request.infer({ x: new Tensor('f32', [2, 4]) });
    expect(values(kept)).toEqual(before);
    expect(values(request.getOutputTensor(0))).toEqual(Array(6).fill(0.5));
  });
});

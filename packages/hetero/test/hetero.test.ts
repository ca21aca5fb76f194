import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { affinityOf, builder, Core, Model, readIr, setAffinity, Tensor, writeIr, type Node } from '@cuvee/core';
import { auto } from '@cuvee/auto';
import { hetero } from '@cuvee/hetero';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { mine, newWorld } from 'cuvee-device-mine';
import { failure } from '../../core/test/failure.js';
import { numbers } from './random.js';

const coreWith = (config: Record<string, unknown> = {}, more: Parameters<typeof mine>[2] = {}): Core => {
  const core = new Core({ plugins: [hetero(), auto(), cpu(), reference(), mine('MINE', newWorld(), more)] });
  core.setProperty('MINE', config);
  return core;
};

const placed = (model: Model): string[] => model.nodes().flatMap((n) => (/^n\d+$/.test(n.name) ? [n.name] : []));

/** Operations of one input, of which outputs stay within a few units. */
const unary = ['relu', 'sigmoid', 'tanh', 'abs', 'negative', 'sin'] as const;

/** A random network over `[?,4]` or `[2,4]`: unary operations, sums, products with constant matrices. */
function network(seed: number, size: number, shape = '2,4'): Model {
  const random = numbers(seed);
  const g = builder();
  const x = g.parameter('f32', shape, 'x');
  const y = g.parameter('f32', shape, 'y');
  const values = [x, y];
  const any = () => values[values.length - 1 - random(Math.min(values.length, 5))] as (typeof values)[number];
  for (let i = 0; i < size; i++) {
    const kind = random(9);
    const matrix = Array.from({ length: 16 }, () => random(100) / 100 - 0.5);
    if (kind < 6) values.push(g[unary[kind] as (typeof unary)[number]](any()));
    else if (kind === 6) values.push(g.matMul(any(), g.constant('f32', [4, 4], matrix)));
    else values.push(g.tanh(g.add(any(), any())));
    const made = values.at(-1);
    if (made) made.node.name = `n${i}`;
  }
  const results = [values.at(-1), values.at(-3), x].map((v, i) => g.result(v as (typeof values)[number], `r${i}`));
  return new Model({ name: 'network', parameters: [x.node, y.node], results, scope: g.scope });
}
const inputs = (rows = 2): Tensor[] =>
  [1, 2].map(
    (k) =>
      new Tensor(
        'f32',
        [rows, 4],
        Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i * k + k)),
      ),
  );
const numbersOf = (outputs: Record<string, Tensor>): number[][] => Object.values(outputs).map((t) => [...(t.data as Float32Array)]);
const infer = (core: Core, model: Model, device: string, config = {}, rows = 2): number[][] =>
  numbersOf(core.compileModelSync(model, device, config).createInferRequest().infer(inputs(rows)));

describe('random splits', () => {
  it('give equal numbers, on 200 random graphs with random support', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const core = coreWith({ SUPPORTED_SHARE: 0.5, SUPPORT_BY: seed % 2 ? 'NODE' : 'OPERATION', SEED: seed, KERNELS: 'REFERENCE' });
      const size = 2 + (seed % 30);
      const model = network(seed, size, seed % 3 === 0 ? '?,4' : '2,4');
      const want = infer(core, model, 'REFERENCE');
      expect(infer(core, model, 'HETERO:MINE,REFERENCE'), `seed ${seed}`).toEqual(want);
      const compiled = await core.compileModel(model, 'HETERO:MINE,REFERENCE');
      expect(numbersOf(await compiled.createInferRequest().inferAsync(inputs()))).toEqual(want);
    }
  }, 120_000);
  it('have what follows from constants alone as constants, though a device refuses to compute it', async () => {
    const g = builder();
    const x = g.parameter('f32', '2,4', 'x');
    const weights = g.abs(
      g.sin(
        g.relu(
          g.constant(
            'f32',
            [4, 4],
            Array.from({ length: 16 }, (_, i) => i - 8),
          ),
        ),
      ),
    );
    const model = new Model({ name: 'folded', parameters: [x.node], results: [g.result(g.matMul(x, weights), 'y')], scope: g.scope });
    const core = coreWith({ REFUSES: ['Sin'] });
    for (const compiled of [core.compileModelSync(model, 'HETERO:MINE,CPU'), await core.compileModel(model, 'HETERO:MINE,CPU')]) {
      expect([compiled.executionDevices, compiled.explain().rows.map((r) => r['bytes in'])]).toEqual([['MINE'], [32]]);
      const inputs = [
        new Tensor(
          'f32',
          [2, 4],
          Float32Array.from({ length: 8 }, (_, i) => i),
        ),
      ];
      const direct = core.compileModelSync(model, 'CPU').createInferRequest().infer(inputs);
      expect(compiled.createInferRequest().infer(inputs)).toEqual(direct);
    }
  });
  it('equal the CPU bit for bit where nothing is fused across', () => {
    for (let seed = 0; seed < 20; seed++) {
      const core = coreWith({ SUPPORTED_SHARE: 0.5, SUPPORT_BY: 'NODE', SEED: seed });
      const model = network(seed, 25, '?,4');
      const got = infer(core, model, 'HETERO:MINE,CPU', {}, 3);
      expect(got, `seed ${seed}`).toEqual(infer(core, model, 'CPU', {}, 3));
    }
  });
});

describe('placing by hand', () => {
  const named = (model: Model, name: string): Node => model.nodes().find((n) => n.name === name) as Node;
  it('goes partly or wholly before what devices would take, and is said why', () => {
    const core = coreWith();
    const model = network(3, 12);
    const [first = '', second = ''] = placed(model).slice(2);
    setAffinity(model, { [first]: 'CPU', [second]: 'CPU' });
    const { rows } = core.compileModelSync(model, 'HETERO:MINE,CPU').explain();
    const deviceOf = (name: string): unknown => rows.find((r) => String(r.nodes).split(' ').includes(name))?.device;
    expect([deviceOf(first), deviceOf(second), deviceOf(placed(model)[0] as string)]).toEqual(['CPU', 'CPU', 'MINE']);
    expect(rows.find((r) => r.device === 'CPU')?.why).toContain('placed by hand');
    setAffinity(model, (node) => (node.op.name === 'Parameter' ? undefined : 'CPU'));
    expect(core.compileModelSync(model, 'HETERO:MINE,CPU').executionDevices).toEqual(['CPU']);
    setAffinity(model, Object.fromEntries(model.nodes().map((n) => [n.name, undefined])));
    expect(core.compileModelSync(model, 'HETERO:MINE,CPU').executionDevices).toEqual(['MINE']);
    expect(infer(core, model, 'HETERO:MINE,CPU')).toEqual(infer(core, model, 'CPU'));
  });
  it('is kept in IR files', () => {
    const model = network(3, 12);
    setAffinity(model, { n4: 'CPU' });
    const { xml, weights } = writeIr(model);
    const bytes = new Uint8Array(Buffer.concat(weights));
    const read = readIr({ bytes: new TextEncoder().encode(xml), weights: { kind: 'bytes', bytes } });
    expect(affinityOf(named(read, 'n4'))).toBe('CPU');
    const { rows } = coreWith().compileModelSync(read, 'HETERO:MINE,CPU').explain();
    expect(rows.find((r) => r.device === 'CPU')?.nodes).toBe('n4');
  });
  it('is refused for a node that the model has not, a device that is not listed or cannot', () => {
    const model = network(3, 12);
    expect(failure(() => setAffinity(model, { n4: 'CPU', nope: 'CPU' })).message).toContain('no node "nope"');
    setAffinity(model, { n4: 'GPU' });
    expect(failure(() => coreWith().compileModelSync(model, 'HETERO:MINE,CPU')).message).toContain(
      'its affinity is GPU, which is not among MINE, CPU',
    );
    setAffinity(model, { n4: 'cpu' });
    expect(failure(() => coreWith().compileModelSync(model, 'HETERO:MINE,CPU')).message).toContain('did you mean CPU?');
    setAffinity(model, { n4: 'MINE' });
    const error = failure(() => coreWith({ SUPPORTED_SHARE: 0 }).compileModelSync(model, 'HETERO:MINE,CPU'));
    expect(error).toMatchObject({ code: 'MODEL_UNSUPPORTED', node: 'n4' });
    expect(error.message).toMatch(/MINE: "\w+" is outside SUPPORTED_SHARE; CPU: its affinity is MINE/);
  });
  it.each(['HETERO', 'HETERO:-CPU', 'HETERO:CPU(2)'])('%s is refused', (device) => {
    expect(failure(() => coreWith().compileModelSync(network(1, 3), device)).code).toBe('ARGUMENT_INVALID');
  });
});

describe('states', () => {
  /** `y = x + (the sum of all x before)`, the state assigned through a Relu that only one device runs. */
  function summing(): Model {
    const g = builder();
    const x = g.parameter('f32', '2', 'x');
    const [before] = g.node('ReadValue', [g.constant('f32', [2], [0, 0])], { variable_id: 's', variable_type: 'f32', variable_shape: '2' });
    const sum = g.add(before as NonNullable<typeof before>, g.relu(x));
    const [after] = g.node('Assign', [sum], { variable_id: 's' });
    const parts = { parameters: [x.node], results: [g.result(g.sin(sum), 'y')], sinks: [(after as NonNullable<typeof after>).node] };
    return new Model({ name: 'summing', ...parts, scope: g.scope });
  }
  it('stay whole on one device, with all that lies between reading and assigning', () => {
    for (const config of [{}, { REFUSES: 'Add' }, { REFUSES: 'Relu' }, { REFUSES: 'Sin' }]) {
      const request = coreWith(config).compileModelSync(summing(), 'HETERO:MINE,CPU').createInferRequest();
      const x = new Tensor('f32', [2], Float32Array.of(1, 0.5));
      const got = [1, 2, 3].map(() => (Object.values(request.infer([x]))[0]?.data as Float32Array)[0] as number);
      got.forEach((v, i) => expect(v).toBeCloseTo(Math.sin(i + 1), 5));
      request.resetState();
      expect((Object.values(request.infer([x]))[0]?.data as Float32Array)[0]).toBeCloseTo(Math.sin(1), 5);
    }
  });
});

describe('what devices cost', () => {
  const costs = { transferBytesPerSecond: 1e9, launchSeconds: 1e-4, flopsPerSecond: 1e12 };
  /** A chain of large products, with a tiny Relu after each that only the second device runs, or that both run. */
  function chain(size: number): Model {
    const g = builder();
    let v = g.parameter('f32', `1,${size}`, 'x');
    const x = v.node;
    for (let i = 0; i < 4; i++) {
      v = g.matMul(v, g.constant('f32', [size, size], new Float32Array(size * size)), { name: `m${i}` });
      v = g.relu(v, { name: `relu${i}` });
    }
    return new Model({ name: 'chain', parameters: [x], results: [g.result(v, 'y')], scope: g.scope });
  }
  it('keep tiny nodes from going back and forth, and large ones where they are fast', () => {
    const slowCpu = {
      ...cpu(),
      costs: () => ({ transferBytesPerSecond: Number.POSITIVE_INFINITY, launchSeconds: 1e-6, flopsPerSecond: 1e8 }),
    };
    const parts = (size: number, refuses: string): number => {
      const core = new Core({ plugins: [hetero(), slowCpu, mine('MINE', newWorld(), { costs: () => costs })] });
      core.setProperty('MINE', { REFUSES: refuses });
      return core.compileModelSync(chain(size), 'HETERO:MINE,CPU').explain().rows.length;
    };
    expect(parts(8, '')).toBe(1);
    // too little work to be worth four trips
    expect(parts(8, 'Relu')).toBe(1);
    expect(parts(512, 'Relu')).toBe(8);
  });
  it('do not matter where a device has none: the first that can takes all that it can', () => {
    expect(coreWith({ REFUSES: 'Relu' }).compileModelSync(chain(8), 'HETERO:MINE,CPU').explain().rows).toHaveLength(8);
  });
});

describe('a split at work', () => {
  it('overlaps inferences: while one is on the second device, the next is on the first', async () => {
    const two = mine('TWO');
    const core = new Core({ plugins: [hetero(), cpu(), mine(), two] });
    for (const device of ['MINE', 'TWO']) core.setProperty(device, { RUN_TIME: 20 });
    const model = network(3, 12);
    setAffinity(model, (node) => (['n0', 'n1', 'n2', 'n3', 'n4'].includes(node.name) ? 'MINE' : 'TWO'));
    const compiled = core.compileModelSync(model, 'HETERO:MINE,TWO');
    expect(compiled.explain().rows).toHaveLength(2);
    expect(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS')).toBe(2);
    const alone = performance.now();
    await compiled.createInferRequest().inferAsync(inputs());
    const one = performance.now() - alone;
    const since = performance.now();
    await Promise.all(Array.from({ length: 8 }, () => compiled.createInferRequest().inferAsync(inputs())));
    // eight take the time of nine halves, not of sixteen
    expect((performance.now() - since) / one).toBeLessThan(6.5);
  });
  it('writes outputs into the tensors given, and copies of constants and inputs that are outputs', () => {
    const core = coreWith({ SUPPORTED_SHARE: 0.5, SEED: 4 });
    const model = network(5, 9);
    const request = core.compileModelSync(model, 'HETERO:MINE,CPU').createInferRequest();
    const given = new Tensor('f32', [2, 4]);
    request.setOutputTensor(0, given);
    const outputs = request.infer(inputs());
    expect(Object.values(outputs)[0]).toBe(given);
    expect([...(given.data as Float32Array)]).toEqual(infer(core, model, 'HETERO:MINE,CPU')[0]);
  });
  it('gives memory of its own to each of two outputs of one value', () => {
    const g = builder();
    const x = g.parameter('f32', '2,4', 'x');
    const y = g.tanh(x);
    const model = new Model({ name: 'twice', parameters: [x.node], results: [g.result(y, 'a'), g.result(y, 'b')], scope: g.scope });
    const request = coreWith().compileModelSync(model, 'HETERO:MINE,CPU').createInferRequest();
    request.infer([inputs()[0] as Tensor]);
    const [a, b] = [request.getOutputTensor(0), request.getOutputTensor(1)];
    (a.data as Float32Array).fill(42);
    expect((b.data as Float32Array)[0]).toBeCloseTo(Math.tanh(Math.sin(1)), 6);
  });
  it('names the part that failed, keeps the code, and stops when it is told to', async () => {
    const lost = coreWith({ FAIL_AFTER: 0 }).compileModelSync(network(3, 5), 'HETERO:MINE,CPU').createInferRequest();
    await expect(lost.inferAsync(inputs())).rejects.toMatchObject({
      code: 'DEVICE_LOST',
      message: expect.stringContaining('part 0 on MINE') as string,
    });
    const hangs = coreWith({ FAIL_AFTER: 0, FAILURE: 'HANG' }).compileModelSync(network(3, 5), 'HETERO:MINE,CPU').createInferRequest();
    const run = hangs.inferAsync(inputs());
    setTimeout(() => hangs.cancel(), 10);
    await expect(run).rejects.toMatchObject({ code: 'CANCELLED' });
  });
  it('shares weights between parts: one constant is one memory', () => {
    const seen: unknown[] = [];
    const plain = reference();
    const watching = {
      ...plain,
      compile: (...given: Parameters<typeof plain.compile>) => (
        seen.push(
          ...given[0]
            .nodes()
            .map((n) => n.attributes.value)
            .filter(Boolean),
        ),
        plain.compile(...given)
      ),
    };
    const g = builder();
    const x = g.parameter('f32', '2', 'x');
    const weights = g.constant('f32', [2], [1, 2]);
    const y = g.add(g.abs(g.add(x, weights)), weights);
    const model = new Model({ name: 'shared', parameters: [x.node], results: [g.result(y)], scope: g.scope });
    const core = new Core({ plugins: [hetero(), watching, mine()] });
    core.setProperty('MINE', { KERNELS: 'REFERENCE', REFUSES: 'Add' });
    core.compileModelSync(model, 'HETERO:MINE,REFERENCE');
    expect(seen.length).toBe(2);
    expect(new Set(seen).size).toBe(1);
  });
});

describe('a compiled split as bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hetero-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const half = { SUPPORTED_SHARE: 0.5, SEED: 4 };
  it('comes back as it was', async () => {
    const core = coreWith(half);
    const model = network(5, 20, '?,4');
    const compiled = core.compileModelSync(model, 'HETERO:MINE,CPU');
    for (const blob of [compiled.exportModelSync(), await compiled.exportModel()]) {
      for (const back of [core.importModelSync(blob, 'HETERO:MINE,CPU'), await core.importModel(blob, 'HETERO:CPU,MINE')]) {
        expect(numbersOf(back.createInferRequest().infer(inputs(3)))).toEqual(infer(core, model, 'HETERO:MINE,CPU', {}, 3));
        expect(back.explain()).toEqual(compiled.explain());
        expect(Buffer.compare(Buffer.from(back.exportModelSync()), Buffer.from(blob))).toBe(0);
      }
    }
  });
  it('does not need the memory that it came in', () => {
    const core = new Core({ plugins: [hetero(), cpu(), reference()] });
    const model = network(5, 20, '?,4');
    const blob = core.compileModelSync(model, 'HETERO:REFERENCE,CPU').exportModelSync();
    const back = core.importModelSync(blob, 'HETERO:REFERENCE,CPU');
    blob.fill(0xff);
    expect(numbersOf(back.createInferRequest().infer(inputs(3)))).toEqual(infer(core, model, 'HETERO:REFERENCE,CPU', {}, 3));
  });
  it('is refused where devices, versions or properties differ, and says which', () => {
    const blob = coreWith(half).compileModelSync(network(5, 20), 'HETERO:MINE,CPU', { PERF_COUNT: true }).exportModelSync();
    const refused = (core: Core, device: string, config = {}): string => {
      const error = failure(() => core.importModelSync(blob, device, config));
      expect(error.code).toBe('MODEL_INVALID');
      return error.message;
    };
    expect(refused(coreWith(half), 'HETERO:CPU')).toContain('it runs on MINE, CPU, here are CPU');
    expect(refused(coreWith(half), 'HETERO:MINE,CPU', { PERF_COUNT: false })).toContain('PERF_COUNT was true, here it is false');
    const newer = new Core({ plugins: [hetero(), mine(), { ...cpu(), version: '9.9.9' }] });
    expect(refused(newer, 'HETERO:MINE,CPU')).toMatch(/CPU had version \S+, here it is 9.9.9/);
  });
  it('is refused when it is damaged, wherever', () => {
    const core = coreWith(half);
    const blob = core.compileModelSync(network(5, 9), 'HETERO:MINE,CPU').exportModelSync();
    for (let i = 0; i < 200; i++) {
      const damaged = Uint8Array.from(blob);
      const at = Math.floor((i * blob.length) / 200);
      damaged[at] = (damaged[at] as number) ^ (1 << (i % 8));
      expect(failure(() => core.importModelSync(damaged, 'HETERO:MINE,CPU')).code).toBe('MODEL_INVALID');
      expect(failure(() => core.importModelSync(blob.subarray(0, at), 'HETERO:MINE,CPU')).code).toBe('MODEL_INVALID');
    }
  });
  it('is kept by the cache whole, and not taken for another placing', () => {
    const core = coreWith(half);
    const model = network(5, 20);
    const compile = () => core.compileModelSync(model, 'HETERO:MINE,CPU', { CACHE_DIR: folder });
    expect(compile().getProperty('LOADED_FROM_CACHE')).toBe(false);
    const again = compile();
    expect(again.getProperty('LOADED_FROM_CACHE')).toBe(true);
    expect(readdirSync(folder)).toHaveLength(1);
    setAffinity(model, { [placed(model)[2] as string]: 'CPU' });
    expect(compile().getProperty('LOADED_FROM_CACHE')).toBe(false);
    core.setProperty('CPU', { EXECUTION_MODE_HINT: 'ACCURACY' }); // of a device inside: it computes otherwise
    expect(compile().getProperty('LOADED_FROM_CACHE')).toBe(false);
    core.setProperty('CPU', { LOG_LEVEL: 'LOG_ERROR' }); // says nothing of what is compiled
    expect(compile().getProperty('LOADED_FROM_CACHE')).toBe(true);
  });
});

describe('what is told', () => {
  it('are parts, transfers, bytes and reasons, as rows and as a drawing', () => {
    const { summary, rows, diagram } = coreWith({ REFUSES: 'Tanh' }).compileModelSync(network(7, 20), 'HETERO:MINE,CPU').explain();
    expect(summary).toMatchObject({ device: 'HETERO', devices: 'MINE, CPU', parts: rows.length });
    expect(rows.length).toBeGreaterThan(1);
    expect(summary.transfers).toBeGreaterThanOrEqual(rows.length - 1);
    expect(summary['bytes handed over']).toBe(32 * Number(summary.transfers));
    expect(diagram?.boxes.map((b) => b.group)).toEqual(['', ...rows.map((r) => r.device), '']);
    for (const { from, to } of diagram?.wires ?? []) expect(from).toBeLessThan(to);
    expect(rows.find((r) => r.device === 'CPU')?.why).toContain('MINE: Tanh is among REFUSES');
    const within = coreWith({ REFUSES: 'Tanh' }).compileModelSync(network(7, 20), 'AUTO:HETERO(MINE,CPU)').explain();
    expect(within.diagram?.boxes.map((b) => b.group)).toEqual(diagram?.boxes.map((b) => b.group));
  });
});

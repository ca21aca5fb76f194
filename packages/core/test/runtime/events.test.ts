/** What happens, told by diagnostics_channel and by log lines. */
import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Core, Tensor, type EventKind, type EventMessage } from '@cuvee/core';
import { addOne, fake } from './fake.js';

const x = (): Tensor => new Tensor('f32', [1, 2], Float32Array.of(1, 2));
const kinds: readonly EventKind[] = ['read', 'compile', 'import', 'export', 'infer'];

/** Names and messages of all channels while `work` runs. */
async function heard(work: () => Promise<unknown>): Promise<[string, EventMessage, EventMessage][]> {
  const messages: [string, EventMessage, EventMessage][] = [];
  const names = kinds.flatMap((kind) => [`cuvee:${kind}:start`, `cuvee:${kind}`]);
  const listen = (message: unknown, name: string | symbol): void => {
    messages.push([String(name), message as EventMessage, { ...(message as EventMessage) }]);
  };
  for (const name of names) channel(name).subscribe(listen);
  try {
    await work();
  } finally {
    for (const name of names) channel(name).unsubscribe(listen);
  }
  return messages;
}
const exporting = () => {
  const plain = fake('FAKE', { auto: true });
  const compile: typeof plain.compile = async (...given) => ({
    ...(await plain.compile(...given)),
    save: () => [Uint8Array.of(1, 2, 3)],
  });
  const load = async (_blob: Uint8Array, config: never, options: never) => ({
    ports: addOne(),
    compiled: await plain.compile(addOne(), config, options),
  });
  return { ...plain, compile, load: load as never };
};

describe('diagnostics_channel', () => {
  it('tells the start and the end of each kind, with one object', async () => {
    const core = new Core({ plugins: [exporting()] });
    const messages = await heard(async () => {
      const compiled = await core.compileModel(addOne(), 'FAKE');
      await compiled.createInferRequest().inferAsync([x()]);
      await core.importModel(await compiled.exportModel(), 'FAKE');
    });
    expect(messages.map(([name]) => name)).toEqual(
      ['compile', 'infer', 'export', 'import'].flatMap((kind) => [`cuvee:${kind}:start`, `cuvee:${kind}`]),
    );
    const [, start, atStart] = messages[2] as [string, EventMessage, EventMessage];
    const [, end] = messages[3] as [string, EventMessage, EventMessage];
    expect(end).toBe(start);
    expect(atStart).toEqual({ kind: 'infer', model: 'addOne', device: 'FAKE', details: { inputs: '[1,2]' } });
    expect(end.milliseconds).toBeGreaterThanOrEqual(0);
    expect(end.error).toBeUndefined();
    expect(messages[6]?.[1]).toMatchObject({ model: 'bytes', device: 'FAKE', details: { bytes: 3 } });
  });
  it('tells what failed and why', async () => {
    const core = new Core({ plugins: [fake('FAKE', { compile: () => Promise.reject(new Error('no room')) })] });
    const messages = await heard(async () => {
      await core.compileModel(addOne(), 'FAKE').catch(() => undefined);
      await core.readModel(new Uint8Array([7])).catch(() => undefined);
    });
    expect(messages.map(([name, { error }]) => [name, (error as { code?: string } | undefined)?.code])).toEqual([
      ['cuvee:compile:start', 'INTERNAL'],
      ['cuvee:compile', 'INTERNAL'],
      ['cuvee:read:start', 'MODEL_INVALID'],
      ['cuvee:read', 'MODEL_INVALID'],
    ]);
  });
});

describe('LOG_LEVEL', () => {
  afterEach(() => vi.restoreAllMocks());
  const lines = async (level: string, work: (core: Core) => Promise<unknown>): Promise<string[]> => {
    const log = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    const core = new Core({ plugins: [fake('FAKE', { auto: true })] });
    core.setProperty({ LOG_LEVEL: level });
    await work(core);
    return log.mock.calls.map(([text]) =>
      String(text)
        .trim()
        .replace(/^cuvee \d{4}-[\dT:.-]+Z /, '')
        .replace(/[\d.]+ ms$/, 'N ms'),
    );
  };
  const run = async (core: Core): Promise<void> => {
    await (await core.compileModel(addOne(), 'FAKE')).createInferRequest().inferAsync([x()]);
    await core.compileModel(addOne(), 'FAKE', { SPEED: 5 });
    await core.readModel(new Uint8Array([7])).catch(() => undefined);
  };
  const compiled = 'INFO compile "addOne" FAKE N ms';
  const failed = 'ERROR read "bytes" failed: [MODEL_INVALID] reading "the model given as bytes": no frontend knows this format';
  it.each([
    ['LOG_NONE', []],
    ['LOG_ERROR', [failed]],
    ['LOG_WARNING', [failed]],
    ['LOG_INFO', [compiled, compiled, failed]],
    ['log_debug', [compiled, 'DEBUG infer "addOne" FAKE inputs [1,2] N ms', compiled, failed]],
    [
      'LOG_TRACE',
      [
        'TRACE compile "addOne" FAKE begins',
        compiled,
        'TRACE infer "addOne" FAKE inputs [1,2] begins',
        'DEBUG infer "addOne" FAKE inputs [1,2] N ms',
        'TRACE compile "addOne" FAKE begins',
        compiled,
        'TRACE read "bytes" begins',
        failed,
      ],
    ],
  ])('%s writes its lines', async (level, wanted) => {
    expect(await lines(level, run)).toEqual(wanted);
  });
  it('may be changed on a compiled model, and given to one', async () => {
    const wanted = ['DEBUG infer "addOne" FAKE inputs [1,2] N ms'];
    expect(
      await lines('LOG_NONE', async (core) => {
        const model = await core.compileModel(addOne(), 'FAKE');
        const request = model.createInferRequest();
        await request.inferAsync([x()]);
        model.setProperty({ LOG_LEVEL: 'LOG_DEBUG' });
        await request.inferAsync([x()]);
      }),
    ).toEqual(wanted);
    vi.restoreAllMocks();
    expect(
      await lines('LOG_NONE', async (core) => {
        const model = await core.compileModel(addOne(), 'FAKE', { LOG_LEVEL: 'LOG_DEBUG' });
        await model.createInferRequest().inferAsync([x()]);
        expect(model.getProperty('LOG_LEVEL')).toBe('LOG_DEBUG');
      }),
    ).toEqual(['INFO compile "addOne" FAKE N ms', ...wanted]);
  });
});

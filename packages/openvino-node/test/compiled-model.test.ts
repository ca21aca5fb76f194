/** Class CompiledModel and what leads to and from files, row by row of the API table. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classifier, codeOf, newCore, ov, picture, relu, signatures, temporary, thrown } from './models.js';

const core = newCore();
const compiled = core.compileModelSync(classifier(), 'CPU', { NUM_STREAMS: '1', PERF_COUNT: 'NO' });
const call = (object: object, method: string, ...given: unknown[]) =>
  ((object as Record<string, (...a: unknown[]) => unknown>)[method] as (...a: unknown[]) => unknown).apply(object, given);

describe('properties', () => {
  it('getProperty: the declared type, whatever was given', () => {
    expect([compiled.getProperty('NUM_STREAMS'), compiled.getProperty('PERF_COUNT')]).toEqual([1, false]);
    expect(compiled.getProperty('SUPPORTED_PROPERTIES')).toEqual(
      expect.arrayContaining(['NUM_STREAMS', 'OPTIMAL_NUMBER_OF_INFER_REQUESTS']),
    );
  });
  it('getProperty throws without an argument, with two, with an unknown name', () => {
    expect(thrown(() => call(compiled, 'getProperty')).message).toBe(signatures('getProperty', '', ['string']));
    expect(thrown(() => call(compiled, 'getProperty', 'a', 'b')).message).toBe(signatures('getProperty', 'string, string', ['string']));
    expect(codeOf(() => compiled.getProperty('PROPERTY_THAT_DOES_NOT_EXIST'))).toBe('PROPERTY_UNKNOWN');
  });
  it('setProperty: what may change is changed, and reads back; {} does nothing', () => {
    compiled.setProperty({});
    compiled.setProperty({ LOG_LEVEL: 'LOG_ERROR' });
    compiled.setProperty({ LOG_LEVEL: 'log_warning' });
    expect(compiled.getProperty('LOG_LEVEL')).toBe('LOG_WARNING');
    expect(codeOf(() => compiled.setProperty({ NUM_STREAMS: 2 }))).toBe('PROPERTY_INVALID');
    expect(codeOf(() => compiled.setProperty({ LOG_LEVEL: 'LOUD' }))).toBe('PROPERTY_INVALID');
    expect(codeOf(() => compiled.setProperty({ NOPE: 2 }))).toBe('PROPERTY_UNKNOWN');
  });
  it.each([
    ['', []],
    ['number', [123]],
    ['object, object', [{}, {}]],
  ])('setProperty(%s) throws with the signatures', (provided, given) => {
    expect(thrown(() => call(compiled, 'setProperty', ...given)).message).toBe(signatures('setProperty', provided, ['object']));
  });
});

describe('createInferRequest, release', () => {
  it('gives requests until released', () => {
    const own = core.compileModelSync(relu(), 'CPU');
    expect(own.createInferRequest()).toBeInstanceOf(ov.InferRequest);
    expect(thrown(() => call(own, 'createInferRequest', 1)).message).toBe('createInferRequest() does not accept any arguments.');
    own.release();
    own.release();
    expect(codeOf(() => own.createInferRequest())).toBe('ARGUMENT_INVALID');
    own[Symbol.dispose]();
  });
  it('getRuntimeModel has the ports', () => {
    expect(compiled.getRuntimeModel()).toBeInstanceOf(ov.Model);
    expect(compiled.getRuntimeModel().output().anyName).toBe('fc_out');
    expect(compiled.explain().rows.length).toBeGreaterThan(0);
  });
});

describe('exportModelSync, exportModel, importModelSync and importModel', () => {
  const run = (model: typeof compiled) => [...(model.createInferRequest().infer([picture()]).fc_out?.data as Float32Array)];
  const blob = compiled.exportModelSync();
  it('a Buffer goes out and comes in, with and without configuration, at once and later', async () => {
    expect(Buffer.isBuffer(blob)).toBe(true);
    expect(Buffer.compare(await compiled.exportModel(), blob) === 0).toBe(true);
    const tensor = new ov.Tensor('u8', [blob.length], new Uint8Array(blob));
    const path = temporary('model.blob');
    writeFileSync(path, blob);
    for (const made of [
      core.importModelSync(blob, 'CPU'),
      core.importModelSync(blob, 'CPU', { NUM_STREAMS: 1 }),
      core.importModelSync(tensor, 'CPU'),
      core.importModelSync(path, 'CPU'),
      await core.importModel(blob, 'CPU'),
      await core.importModel(blob, 'CPU', { NUM_STREAMS: 1 }),
      await core.importModel(tensor, 'CPU'),
      await core.importModel(new Blob([new Uint8Array(blob)]).stream(), 'CPU'),
    ]) {
      expect(made).toBeInstanceOf(ov.CompiledModel);
      expect(run(made)).toEqual(run(compiled));
    }
  });
  it.each([
    ['a number', [0.5, 'CPU'], 'The first argument must be of type Buffer.'],
    ['a tensor as device', [blob, picture()], 'The second argument must be of type String.'],
    ['a text as configuration', [blob, 'CPU', 'test'], 'Passed Napi::Value must be an object.'],
    ['one argument', [blob], 'Invalid number of arguments'],
  ])('%s throws at once', (_what, given, text) => {
    for (const method of ['importModel', 'importModelSync']) {
      const { message } = thrown(() => call(core, method, ...given));
      expect(message).toContain(`'${method}' method called with incorrect parameters.`);
      expect(message).toContain(text);
    }
  });
  it('properties that are none, and bytes that are none, fail', async () => {
    expect(codeOf(() => call(core, 'importModelSync', blob, 'CPU', picture()))).toBe('PROPERTY_UNKNOWN');
    expect(codeOf(() => core.importModelSync(new Uint8Array(9), 'CPU'))).toBe('MODEL_INVALID');
    await expect(core.importModel(new Uint8Array(9), 'CPU')).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    expect(codeOf(() => core.importModelSync(blob, 'REFERENCE'))).toBe('NOT_IMPLEMENTED');
    expect(thrown(() => call(compiled, 'exportModelSync', 1)).message).toBe('exportModelSync() does not accept any arguments.');
  });
});

describe('saveModelSync', () => {
  const run = (path: string) => [
    ...(newCore().compileModelSync(path, 'CPU').createInferRequest().infer([picture()]).fc_out?.data as Float32Array),
  ];
  const wanted = [...(compiled.createInferRequest().infer([picture()]).fc_out?.data as Float32Array)];
  it.each([
    ['fp16 unless told otherwise', [], 61440],
    ['fp16', [true], 61440],
    ['fp32', [false], 122880],
  ] as const)('%s', (name, compress, bytes) => {
    const path = temporary(`${name}.xml`);
    ov.saveModelSync(classifier(), path, ...compress);
    const size = statSync(path.replace('.xml', '.bin')).size;
    expect(size).toBeGreaterThanOrEqual(bytes);
    expect(size).toBeLessThan(bytes + 64);
    const got = run(path);
    got.forEach((v, i) => expect(Math.abs(v - (wanted[i] as number))).toBeLessThan(bytes === 122880 ? 1e-6 : 0.05));
    expect(newCore().readModelSync(path).getName()).toBe('test_model');
  });
  it.each([
    ['object', [classifier()]],
    ['object, number', [classifier(), 5]],
    ['object, string, string', [classifier(), 'a.xml', 'yes']],
    ['string', ['a.xml']],
  ])('(%s) throws with the signatures', (provided, given) => {
    expect(thrown(() => (ov.saveModelSync as (...a: unknown[]) => unknown)(...given)).message).toBe(
      signatures('saveModelSync', provided, ['Model, string', 'Model, string, boolean']),
    );
  });
  it('a path without .xml throws, and nothing is written', () => {
    const path = temporary('no_ending');
    expect(thrown(() => ov.saveModelSync(classifier(), path)).message).toContain(
      "Path for xml file doesn't contains file name with 'xml' extension",
    );
    expect(existsSync(path)).toBe(false);
    expect(codeOf(() => ov.saveModelSync(classifier(), temporary('no/such/folder.xml')))).toBe('FILE_NOT_FOUND');
    expect(readFileSync(temporary('test_model.xml'), 'utf8')).toContain('name="test_model"');
  });
});

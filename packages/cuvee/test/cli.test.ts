/** The built command line: what it prints, as what, and how it ends. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builder, Model, saveModelSync } from '@cuvee/core';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cuvee-cli-'));
const model = join(folder, 'small.xml');

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
const cuvee = (...args: string[]): Ended => spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: 'utf8' });
const json = (...args: string[]): { readonly status: number | null; readonly value: any } => {
  const { status, stdout, stderr } = cuvee(...args, '--json');
  expect(stdout, stderr).toMatch(/^[{[]/);
  return { status, value: JSON.parse(stdout) };
};

beforeAll(() => {
  const g = builder();
  const x = g.parameter('f32', '?,4', 'x');
  const y = g.relu(
    g.matMul(
      x,
      g.constant(
        'f32',
        [4, 3],
        Array.from({ length: 12 }, (_, i) => i - 5),
      ),
    ),
  );
  y.names = ['y'];
  saveModelSync(new Model({ name: 'small', parameters: [x.node], results: [g.result(y)], scope: g.scope }), model, false);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('every command', () => {
  it.each(['devices', 'inspect', 'run', 'query', 'explain', 'convert', 'benchmark', 'compare'])(
    '%s --help shows examples and ends with 0',
    (command) => {
      const { status, stdout } = cuvee(command, '--help');
      expect(status).toBe(0);
      expect(stdout).toMatch(new RegExp(`Examples:\n  npx cuvee ${command}`));
      const lines = /Examples:\n((?: {2}npx cuvee .*\n)+)/.exec(stdout)?.[1]?.trimEnd().split('\n') ?? [];
      expect(lines.length).toBeGreaterThan(1);
      expect(
        new Set(lines.map((line) => (line.indexOf('  # ') < 0 ? line.indexOf(' # ') : line.lastIndexOf(' # ')))).size,
        'comments align',
      ).toBe(1);
    },
  );
  const wrong: readonly (readonly [what: string, args: readonly string[], code: number, text: RegExp])[] = [
    ['no command', [], 2, /Usage/],
    ['an unknown command', ['runn'], 2, /Did you mean run/],
    ['an unknown flag', ['run', model, '--devise', 'CPU'], 2, /unknown option '--devise'/],
    ['a missing model', ['run'], 2, /missing required argument/],
    ['a missing value', ['run', model, '--device'], 2, /argument missing/],
    ['no number', ['run', model, '--iterations', 'many'], 2, /no whole number/],
    ['a malformed device', ['run', model, '--device', 'cpu'], 2, /a device name/],
    ['a malformed input', ['run', model, '--input', 'a=b=c'], 2, /"a"/],
    ['an unknown input', ['run', model, '--input', 'z=random'], 2, /"z"/],
    ['a malformed shape', ['run', model, '--shape', 'x=[1,oops]'], 2, /oops/],
    ['an absent file', ['run', 'nothing.onnx'], 1, /FILE_NOT_FOUND.*nothing\.onnx/],
    ['a folder', ['run', '.'], 1, /folder/],
    ['a shape that cannot be', ['run', model, '--shape', 'x=[1,5]'], 1, /SHAPE_MISMATCH|MODEL_INVALID/],
    ['an absent device', ['run', model, '--device', 'GPU'], 1, /DEVICE_NOT_FOUND/],
    ['an unknown property', ['run', model, '--device', 'CPU', '--config', 'NOPE=1'], 1, /PROPERTY_UNKNOWN/],
    ['an absent input file', ['run', model, '--input', 'x=none.npy'], 1, /none\.npy/],
  ];
  it.each(wrong)('%s: a line on stderr, nothing on stdout', (_what, args, code, text) => {
    const { status, stdout, stderr } = cuvee(...args);
    expect(stderr).toMatch(text);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(stdout).toBe('');
    expect(status).toBe(code);
  });
  it('--version', () => expect(cuvee('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n' }));
});

describe('as JSON', () => {
  it('devices', () => {
    const { status, value } = json('devices', '--properties');
    expect(status).toBe(0);
    const cpu = value.devices.find((d: { name: string }) => d.name === 'CPU');
    expect(cpu).toMatchObject({ plugin: 'CPU', version: '0.1.0' });
    expect(cpu.properties).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'NUM_STREAMS', type: 'int', mutability: 'RW' })]),
    );
  });
  it('inspect', () => {
    expect(json('inspect', model).value).toMatchObject({
      name: 'small',
      inputs: [{ name: 'x', type: 'f32', shape: '[?,4]' }],
      outputs: [{ name: 'y' }],
      parameters: 12,
      operations: { MatMul: 1 },
    });
    expect(json('inspect', model, '--shape', 'x=[2,4]').value.flops).toBeGreaterThanOrEqual(2 * 2 * 4 * 3);
    expect(cuvee('inspect', model, '--text').stdout).toContain('MatMul');
    expect(cuvee('inspect', model, '--svg', 'g.svg', '--dot', 'g.dot').status).toBe(0);
    expect(readFileSync(join(folder, 'g.svg'), 'utf8')).toContain('<svg');
    expect(readFileSync(join(folder, 'g.dot'), 'utf8')).toContain('digraph');
  });
  it('run, with files out and in again', () => {
    const { status, value } = json(
      'run',
      model,
      '--device',
      'AUTO:CPU',
      '--shape',
      'x=2,4',
      '--input',
      'x=random:7',
      '--iterations',
      '3',
      '--output',
      'out',
    );
    expect(status).toBe(0);
    expect(value).toMatchObject({
      device: 'AUTO:CPU',
      executionDevices: ['CPU'],
      outputs: [{ name: 'y', dtype: 'f32', shape: [2, 3], file: join('out', 'y.npy') }],
    });
    expect(value.ms).toHaveLength(3);
    expect(value.firstMs).toBe(value.ms[0]);
    expect(value.loadMs).toBeGreaterThan(0);
    expect(existsSync(join(folder, 'out', 'y.npy'))).toBe(true);
    const mismatch = cuvee('run', model, '--input', 'x=out/y.npy');
    expect(mismatch.status).toBe(1);
    expect(mismatch.stderr).toContain('SHAPE_MISMATCH');
  });
  it('query and explain', () => {
    expect(json('query', model, '--device', 'CPU')).toMatchObject({
      status: 0,
      value: { device: 'CPU', nodes: expect.arrayContaining([expect.objectContaining({ op: 'MatMul', supported: true })]) },
    });
    expect(json('explain', model, '--device', 'HETERO:REFERENCE,CPU').value).toMatchObject({
      summary: { device: 'HETERO', parts: 1 },
      rows: [{ device: 'REFERENCE' }],
    });
  });
  it('explain measures, and draws', () => {
    const { status, value } = json('explain', model, '--measure', '--svg', 'steps.svg');
    expect(status).toBe(0);
    expect(value.summary).toMatchObject({ 'peak GFLOP/s': expect.any(Number), 'peak GB/s, memory': expect.any(Number) });
    expect(value.summary['measured with']).toMatch(/^x \[\d+,/);
    const product = value.rows.find((row: Record<string, unknown>) => String(row['kernel']).startsWith('gemm'));
    expect(product).toMatchObject({ flops: expect.any(Number), bytes: expect.any(Number), tile: expect.stringMatching(/^\d+x\d+$/) });
    for (const row of value.rows) expect(row['ms']).toBeGreaterThanOrEqual(0);
    const svg = readFileSync(join(folder, 'steps.svg'), 'utf8');
    expect(svg).toContain('<svg');
    expect(svg.match(/class="full"/g)).toHaveLength(value.rows.length);
  });
  it('convert, compare, benchmark', () => {
    expect(json('convert', model, '--output', 'half.xml', '--compress_to_fp16').status).toBe(0);
    expect(existsSync(join(folder, 'half.bin'))).toBe(true);
    expect(json('compare', 'half.xml', '--device', 'CPU', '--reference', 'REFERENCE', '--layers')).toMatchObject({
      status: 0,
      value: { equal: true, outputs: [{ output: 'y', equal: true }] },
    });
    const { status, value } = json(
      'benchmark',
      '-m',
      model,
      '-d',
      'CPU',
      '-niter',
      '5',
      '-api',
      'async',
      '-nireq',
      '2',
      '-shape',
      'x[1,4]',
      '--chart',
      'l.svg',
    );
    expect(status).toBe(0);
    expect(JSON.stringify(value)).toMatch(/median|p50/);
    expect(readFileSync(join(folder, 'l.svg'), 'utf8')).toContain('<svg');
  });
});

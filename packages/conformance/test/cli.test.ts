/** The conformance command: its flags, its files, its exit codes, and what a crash or a hang of a case does to the rest. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Report } from '../src/report.js';
import { conformance, data } from './corpus.js';

const folder = mkdtempSync(join(tmpdir(), 'cuvee-conformance-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const opset = ['--corpus', join(data, 'opset')];
const plugin = (name: string): string => fileURLToPath(new URL(`./plugins/${name}.mjs`, import.meta.url));
const report = (file: string): Report => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Report;
const run = (...flags: string[]) => conformance(flags, folder);

describe('usage', () => {
  it('--help shows an example', async () =>
    expect(await run('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('Example:') }));
  const wrong: readonly (readonly [what: string, flags: readonly string[], code: number, text: RegExp])[] = [
    ['no corpus', [], 2, /one of --corpus/],
    ['an unknown flag', ['--corpse', '.'], 2, /unknown option/],
    ['no number', [...opset, '--jobs', 'many'], 2, /number/],
    ['an absent folder', ['--corpus', 'nowhere'], 1, /nowhere/],
    ['an absent zip', ['--onnx-node', 'nowhere.zip'], 1, /nowhere/],
    ['an absent plugin', [...opset, '--plugin', './nowhere.mjs', '--device', 'X'], 1, /nowhere/],
    ['an absent device', [...opset, '--device', 'NOPE'], 1, /NOPE/],
    ['a pattern that nothing matches', [...opset, '--only', 'Nothing*'], 1, /Nothing\*/],
  ];
  it.each(wrong)('%s', async (_what, flags, code, text) => {
    const ended = await run(...flags);
    expect(`${ended.stdout}${ended.stderr}`).toMatch(text);
    expect(ended.code).toBe(code);
  });
});

describe('results', () => {
  it('JSON and HTML, in the promised shape', async () => {
    const { code, stdout } = await run(
      ...opset,
      '--only',
      'Relu-1/*',
      '--device',
      'CPU',
      '--jobs',
      '1',
      '--json',
      'r.json',
      '--html',
      'r.html',
    );
    expect(code, stdout).toBe(0);
    const { runner, engine, device, summary, cases } = report('r.json');
    expect({ runner, device }).toEqual({ runner: 'cuvee', device: 'CPU' });
    expect(engine).toMatch(/^cuvee \d+\.\d+\.\d+ CPU \w+/);
    expect(summary).toEqual({ passed: Object.keys(cases).length, failed: 0, skipped: 0 });
    for (const [id, c] of Object.entries(cases)) {
      expect(id).toMatch(/^Relu-1\//);
      expect(c).toMatchObject({ status: 'pass', op: 'Relu-1', ms: expect.any(Number) });
    }
    expect(readFileSync(join(folder, 'r.html'), 'utf8')).toContain('Relu-1/');
    expect(stdout).toMatch(/passed, 0 failed, 0 skipped$/m);
  });

  it('--resume keeps what there is and runs the rest', async () => {
    const known = {
      runner: 'cuvee',
      engine: '',
      device: 'CPU',
      summary: {},
      cases: { 'Relu-1/f32_4d': { status: 'fail', reason: 'kept' } },
    };
    writeFileSync(join(folder, 'some.json'), JSON.stringify(known));
    const { code } = await run(...opset, '--only', 'Relu-1/*', '--json', 'some.json', '--resume');
    expect(code).toBe(1);
    const { cases } = report('some.json');
    expect(cases['Relu-1/f32_4d']?.reason).toBe('kept');
    expect(Object.values(cases).filter((c) => c.status === 'pass').length).toBeGreaterThan(0);
  });

  it('several corpora at once, and tolerances of the node corpus', async () => {
    const node = ['--onnx-node', join(data, 'onnx-node.zip'), '--only', 'test_sigmoid*', '--device', 'CPU'];
    expect((await run(...node, '--json', 'n.json')).code).toBe(0);
    expect(Object.keys(report('n.json').cases)).toContain('test_sigmoid');
    expect((await run(...node, '--rtol', '0', '--atol', '0', '--json', 'z.json')).code).toBe(1);
    expect((await run(...opset, ...node.slice(0, 2), '--only', '*igmoid*', '--json', 'b.json')).code).toBeLessThan(2);
    const ids = Object.keys(report('b.json').cases);
    expect(ids.some((id) => id.startsWith('Sigmoid-1/')) && ids.includes('test_sigmoid')).toBe(true);
  });
});

describe('a case that breaks its process', () => {
  it('a crash is its own failure: all others are run, in processes of their own', async () => {
    const { code } = await run(
      ...opset,
      '--only',
      'Relu-1/*',
      '--plugin',
      plugin('aborting'),
      '--device',
      'ABORTING',
      '--jobs',
      '1',
      '--json',
      'a.json',
    );
    expect(code).toBe(1);
    const outcomes = Object.values(report('a.json').cases);
    const crashed = outcomes.filter((c) => c.reason?.startsWith('crash: '));
    expect(crashed.length).toBeGreaterThan(0);
    expect(crashed[0]?.reason).toMatch(/SIGABRT/);
    expect(outcomes.filter((c) => c.status === 'pass').length).toBeGreaterThan(crashed.length / 2);
    expect(outcomes.every((c) => c.status === 'pass' || c.reason?.startsWith('crash: '))).toBe(true);
  });

  it('a hang ends at the limit, a foreign error is named as such', async () => {
    const { code } = await run(
      ...opset,
      '--only',
      '*elu-1/f16*',
      '--plugin',
      plugin('hanging'),
      '--device',
      'HANGING',
      '--timeout',
      '3',
      '--json',
      'h.json',
    );
    expect(code).toBe(1);
    const outcomes = Object.entries(report('h.json').cases);
    expect(outcomes.length).toBeGreaterThan(0);
    for (const [, { reason }] of outcomes) expect(reason).toMatch(/^hang: no answer after 3 s|^error: .*not one of ours/);
    expect(outcomes.some(([, { reason }]) => reason?.startsWith('hang'))).toBe(true);
  });
});

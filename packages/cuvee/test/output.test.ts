/** Tables, progress, and what `explain` tells: aligned, quiet where nobody watches, and gone when results come. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builder, Model, saveModelSync } from '@cuvee/core';
import { joined, pretty } from '../src/commands/explain.js';
import { cut, table } from '../src/lib/output.js';
import { bar, line, progress } from '../src/lib/progress.js';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
/** To the line's start, and nothing left on it. */
const clear = '\r\x1b[2K';
const folder = mkdtempSync(join(tmpdir(), 'cuvee-output-'));
const model = join(folder, 'small.xml');

beforeAll(() => {
  const g = builder();
  const x = g.parameter('f32', '?,4', 'x');
  saveModelSync(new Model({ name: 'small', parameters: [x.node], results: [g.result(g.relu(x), 'y')], scope: g.scope }), model, false);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('tables', () => {
  it('align, numbers to the right, wide characters as two columns', () => {
    const lines = table(
      ['name', 'count', 'note'],
      [
        ['a', 5, 'first'],
        ['文字', 1234, 'second'],
      ],
    ).split('\n');
    expect(lines).toEqual(['name  count  note', 'a         5  first', '文字   1234  second']);
  });
  it.each(['devices', 'inspect', 'run', 'query', 'explain', 'compare', 'benchmark'])(
    'of %s: every column starts in one place',
    (command) => {
      const more = { query: ['--device', 'HETERO:CPU,REFERENCE'], benchmark: ['-niter', '3', '-pc', '-d', 'CPU'] }[command] ?? [];
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        [cli, command, ...(command === 'devices' ? ['--properties'] : [model]), ...more],
        {
          encoding: 'utf8',
          env: { ...process.env, CI: '' },
        },
      );
      expect(status, stderr).toBe(0);
      expect(stderr).toBe('');
      expect(stdout).not.toContain('\x1b');
      for (const block of stdout.split('\n\n').filter((text) => /^\S+( \S+)* {2,}\S/.test(text) && text.includes('\n'))) {
        const lines = block.split('\n').filter((text) => / {2}/.test(text));
        const gaps = lines.map((text) => [...text.padEnd(400)].map((letter) => letter === ' '));
        const width = Math.max(...lines.map((text) => text.length));
        const common = Array.from({ length: width }, (_, i) => i).filter((i) => gaps.every((gap) => gap[i] && gap[i + 1]));
        expect(common.length, block).toBeGreaterThan(0);
      }
    },
  );
});

describe('progress', () => {
  const screen = (isTTY: boolean) => {
    const written: string[] = [];
    return { isTTY, columns: 60, written, write: (text: string) => written.push(text) };
  };
  it('shows a stage, a bar that fills, and nothing at the end', () => {
    const s = screen(true);
    const shown = progress(s, {});
    shown.stage('reading m.onnx');
    shown.stage('running', 4);
    shown.step(4);
    shown.end();
    expect(s.written[0]?.replace(clear, '')).toMatch(/^. reading m\.onnx {2}0\.0 s$/);
    expect(s.written[1]).toContain(`running ${bar(0)} 0 %`);
    expect(s.written.at(-1)).toBe(clear);
  });
  it('is silent in a pipe, in CI and on a dumb terminal', () => {
    for (const [tty, env] of [
      [false, {}],
      [true, { CI: 'true' }],
      [true, { TERM: 'dumb' }],
    ] as const) {
      const s = screen(tty);
      const shown = progress(s, env);
      shown.stage('a', 2);
      shown.step();
      shown.end();
      expect(s.written).toEqual([]);
    }
  });
  it('tells what is left, and stays on one line', () => {
    expect(line('running', 1, 4, 2000)).toBe(`running ${bar(0.25)} 25 %  2.0 s, 6.0 s left`);
    expect([...line('x'.repeat(200), 0, undefined, 0, 40)]).toHaveLength(39);
    expect(bar(0.5, 4)).toBe('██░░');
    expect(bar(7, 4)).toBe('████');
  });
  it.each(['devices', 'inspect', 'run', 'query', 'explain', 'convert', 'compare', 'benchmark'])(
    '%s paints on a terminal’s stderr and leaves JSON alone on stdout',
    (command, ...rest) => {
      const context = rest.at(-1) as unknown as { skip: (why: string) => void };
      if (spawnSync('script', ['--version']).status !== 0) context.skip('no script(1) here to make a terminal with');
      const out = join(folder, `${command}.json`);
      const args = { query: '--device CPU', convert: `--output ${join(folder, 'again.xml')}`, benchmark: '-niter 3' }[command] ?? '';
      const typed = `${process.execPath} ${cli} ${command} ${command === 'devices' ? '' : model} ${args} --json >${out}`;
      const { stdout, status } = spawnSync('script', ['-qec', typed, '/dev/null'], {
        encoding: 'utf8',
        env: { ...process.env, CI: '', TERM: 'xterm', NO_COLOR: '' },
      });
      expect(status, stdout).toBe(0);
      expect(stdout).toContain(command === 'devices' ? 'asking every plugin' : 'reading small.xml');
      expect(stdout.endsWith(clear)).toBe(true);
      expect(() => void JSON.parse(readFileSync(out, 'utf8'))).not.toThrow();
    },
  );
});

describe('explain', () => {
  it('groups rules and kernels, formats bytes, and drops empty columns', () => {
    const text = pretty(
      'm',
      'CPU',
      {
        summary: { device: 'CPU', steps: 2, memory: 1234567, 'rule: fold bias': 3 },
        rows: [
          { level: 0, kernel: 'conv', shape: '', nodes: '/a/b/Conv /a/b/Clip /a/Add' },
          { level: 0, kernel: 'conv', shape: '', nodes: '/a/c/Conv' },
        ],
      },
      80,
    );
    expect(text.split('\n')).toEqual([
      'm on CPU',
      '',
      'steps   2',
      'memory  1.23 MB',
      '',
      'rewritten by  times',
      'fold bias         3',
      '',
      'kernel  steps',
      'conv        2',
      '',
      'level  kernel  nodes',
      '    0  conv    /a/b/Conv + Clip + Add',
      '    0  conv    /a/c/Conv',
    ]);
  });
  it('shortens names', () => {
    expect(joined('a')).toBe('a');
    expect(joined('/x/y/z/Conv /x/y/Add')).toBe('/x/y/z/Conv + Add');
    expect(cut('abcdef', 4)).toBe('abc…');
  });
});

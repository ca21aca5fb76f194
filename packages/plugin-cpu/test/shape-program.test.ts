import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shape } from '@cuvee/core';
import { expect, it } from 'vitest';
import { Random, symbols, tree } from '../../core/test/shape/random.js';

const SEED = Number(process.env.CUVEE_TEST_SEED ?? 20261121);
const kinds = ['none', 'guard', 'range', 'overflow', 'divisor', 'limit'];

/** Programs, bound numbers and the TypeScript interpreter's outcomes, as shape_program_test reads them. */
function recordCases(programs: number): { bytes: Uint8Array; counts: Record<string, number> } {
  const parts: Uint8Array[] = [],
    counts: Record<string, number> = {};
  const put = (x: number, width: number): void => {
    const part = new Uint8Array(8),
      view = new DataView(part.buffer);
    view.setUint32(0, x - Math.floor(x / 4294967296) * 4294967296, true);
    view.setInt32(4, Math.floor(x / 4294967296), true);
    parts.push(part.subarray(0, width));
  };
  put(programs, 4);
  for (let i = 0; i < programs; i++) {
    const random = new Random(SEED + i),
      scope = new shape.ShapeScope();
    const specs = symbols(scope, random, random.int(1, 3), random.next() < 0.5);
    // Half of the symbols are bound by a later level.
    const late = scope.symbol({ kind: 'data', node: 'late', output: 0, axis: 0 }, [-5, 1000]);
    specs.push({ dim: late, lo: -5, hi: 1000 });
    const value = scope.symbol({ kind: 'value', node: 'late', output: 0, element: 0 }, [-(2 ** 60), 2 ** 60]);
    const roots = Array.from({ length: random.int(1, 4) }, () => tree(random, specs, random.int(1, 4)).build(false));
    // Divisors that are not proved positive, so that some runs stop there.
    roots.push(
      shape.floorDiv(specs[0]!.dim, late),
      shape.mod(specs[0]!.dim, shape.add(late, -1)),
      shape.mul(roots[0]!, roots[0]!, roots[0]!, roots[0]!),
      shape.max(value, 3),
    );
    const p = shape.isAtLeast(tree(random, specs, 2).build(false), tree(random, specs, 2).build(false));
    const guards = typeof p === 'boolean' ? [] : [{ class: 'error', predicate: p, node: 'n', what: '', dims: [] } as const];
    const program = shape.lowerShapes(roots, guards, { levelOf: () => 2 });
    const bytes = shape.assemble(program);
    put(bytes.length, 4);
    parts.push(bytes);
    put(16, 4);
    for (let k = 0; k < 16; k++) {
      const bound = program.symbols.map((s) =>
        s.hi === Infinity ? random.pick([2 ** 60, -(2 ** 60), 2 ** 52 + 1, 7]) : random.next() < 0.02 ? s.hi + 1 : random.int(s.lo, s.hi),
      );
      const result = shape.runShapes(program, bound);
      for (const x of bound) put(x, 8);
      const kind = shape.isFailure(result) ? result.kind : 'none';
      counts[kind] = (counts[kind] ?? 0) + 1;
      put(kinds.indexOf(kind), 1);
      put(shape.isFailure(result) ? result.index : 0, 4);
      if (!shape.isFailure(result)) for (const r of program.roots) put(result[r]!, 8);
    }
  }
  const bytes = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    bytes.set(p, at);
    at += p.length;
  }
  return { bytes, counts };
}

it(`native shape programs give what the TypeScript interpreter gives, failures included (seed ${SEED})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cuvee-shapes-'));
  try {
    const { bytes, counts } = recordCases(800);
    for (const kind of ['none', 'guard', 'range', 'overflow', 'divisor']) expect(counts[kind] ?? 0, `cases of ${kind}`).toBeGreaterThan(10);
    writeFileSync(join(folder, 'cases.bin'), bytes);
    const built = fileURLToPath(new URL('../build/shape_program_test', import.meta.url));
    let binary = built;
    if (!existsSync(built)) {
      binary = join(folder, 'shape_program_test');
      const native = fileURLToPath(new URL('../native/', import.meta.url));
      execFileSync('c++', ['-std=c++20', '-O1', `${native}runtime/shape_program.cc`, `${native}tests/shape_program_test.cc`, '-o', binary]);
    }
    expect(execFileSync(binary, ['--replay', join(folder, 'cases.bin')], { encoding: 'utf8' })).toContain('800 programs, 12800 cases');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Answers for interval inputs as OpenVINO gives them, or tighter where the design says so. */
import { describe, expect, it } from 'vitest';
import golden from './shape-golden.json' with { type: 'json' };
import {
  broadcast,
  createScope,
  PartialShape,
  reshape,
  shapeContext,
  sliceLength,
  window,
  type Dim,
  type Shape,
  type ShapeScope,
} from '../../src/shape/index.js';

/** A symbolic shape of a text: every open dimension its own symbol. */
function shapeOf(scope: ShapeScope, text: string, port: number): Shape {
  return PartialShape.parse(text).dimensions?.map(
    ([lo, hi], axis): Dim => (lo === hi ? lo : scope.symbol({ kind: 'input', port, axis }, [lo, hi])),
  );
}

function answer(compute: (scope: ShapeScope, ctx: ReturnType<typeof shapeContext>) => Shape): string {
  const scope = createScope();
  try {
    return PartialShape.of(compute(scope, shapeContext(scope, 'node')), (d) => scope.bounds(d)).toString();
  } catch (e) {
    return (e as { code?: string }).code ?? String(e);
  }
}

describe('broadcast', () => {
  for (const [a, b, expected] of golden.broadcast) {
    it(`${a} with ${b} gives ${expected}`, () => {
      expect(answer((s, c) => broadcast(c, shapeOf(s, a!, 0), shapeOf(s, b!, 1)))).toBe(expected);
      expect(answer((s, c) => broadcast(c, shapeOf(s, b!, 1), shapeOf(s, a!, 0)))).toBe(expected);
    });
  }
});

describe('reshape', () => {
  for (const { from, pattern, zero, gives } of golden.reshape) {
    it(`${from} as [${pattern.join()}] gives ${gives}`, () => {
      expect(answer((s, c) => reshape(c, shapeOf(s, from, 0), pattern, zero ?? false))).toBe(gives);
    });
  }
});

describe('slice', () => {
  for (const { from, begin, end, step, gives } of golden.slice) {
    it(`${from}[${begin}:${end}:${step}] gives ${gives}`, () => {
      expect(answer((s, c) => shapeOf(s, from, 0)!.map((d) => sliceLength(c, d, begin, end, step)))).toBe(gives);
    });
  }
});

describe('window', () => {
  for (const { from, kernel, strides, dilations, pads, rounding, autoPad, gives } of golden.window as readonly WindowCase[]) {
    const name = `${from} kernel ${kernel} stride ${strides ?? 1} dilation ${dilations ?? 1} pads ${(pads ?? [0, 0]).join()} ${rounding ?? ''}${autoPad ?? ''}`;
    it(`${name} gives ${gives}`, () => {
      expect(
        answer((s, c) => {
          const w = {
            strides: [strides ?? 1],
            dilations: [dilations ?? 1],
            padsBegin: [pads?.[0] ?? 0],
            padsEnd: [pads?.[1] ?? 0],
            rounding,
            autoPad,
          };
          return [window(c, shapeOf(s, from, 0)![0]!, kernel, w, 0).count];
        }),
      ).toBe(gives);
    });
  }
});

interface WindowCase {
  readonly from: string;
  readonly kernel: number;
  readonly strides?: number;
  readonly dilations?: number;
  readonly pads?: readonly number[];
  readonly rounding?: 'floor' | 'ceil' | 'ceil_torch';
  readonly autoPad?: 'same_upper' | 'same_lower' | 'valid';
  readonly gives: string;
}

describe('PartialShape text', () => {
  for (const [text, printed] of golden.text) {
    it(`${JSON.stringify(text)} reads as ${printed}`, () => {
      expect(answerText(text!)).toBe(printed);
    });
  }
  function answerText(text: string): string {
    try {
      return PartialShape.parse(text).toString();
    } catch (e) {
      return (e as { code?: string }).code ?? String(e);
    }
  }
});

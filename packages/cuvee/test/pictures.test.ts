/** What `inspect --svg` and `benchmark --chart` draw, read back as XML: boxes that do not overlap, wires that meet them, marks in place. */
import { describe, expect, it } from 'vitest';
import { SaxesParser } from 'saxes';
import { builder, Model } from '@cuvee/core';
import { axisEnd, binned, latencyChart, sparkline, ticks } from '../src/lib/chart.js';
import { dot, svg } from '../src/lib/draw.js';
import { layout } from '../src/lib/graph-layout.js';

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** All elements of a well-formed document in its order; throws otherwise. */
function parse(xml: string): Element[] {
  const parser = new SaxesParser();
  const [all, open]: [Element[], Element[]] = [[], []];
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = { name, attributes: attributes as Record<string, string>, children: [], text: '' };
    open.at(-1)?.children.push(element);
    all.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const top = open.at(-1);
    if (top) top.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml).close();
  return all;
}

/** Two branches of different length that meet, with constants, a name that needs escaping, and an output. */
function branches(): Model {
  const g = builder();
  const x = g.parameter('f32', '1,3,8,8', 'x<&>"');
  const a = g.relu(
    g.convolution(x, g.constant('f32', [4, 3, 3, 3], new Array(108).fill(0.1)), {
      strides: [1, 1],
      dilations: [1, 1],
      pads_begin: [1, 1],
      pads_end: [1, 1],
    }),
  );
  const b = g.sigmoid(g.tanh(g.add(g.multiply(a, g.constant('f32', [], [0.5])), g.constant('f32', [1, 4, 1, 1], [1, 2, 3, 4]))));
  const c = g.concat([a, b], { axis: 1 });
  return new Model({ name: 'branches', parameters: [x.node], results: [g.result(c, 'y')], scope: g.scope });
}

describe('inspect --svg', () => {
  const model = branches();
  const elements = parse(svg(model, 'branches & more'));
  const boxes = elements
    .filter(({ attributes }) => attributes.class?.startsWith('box '))
    .map((g) => {
      const [x, y] = /translate\((\S+) (\S+)\)/
        .exec(g.attributes.transform ?? '')
        ?.slice(1)
        .map(Number) as [number, number];
      const rect = g.children.find(({ name }) => name === 'rect')!.attributes;
      return {
        x,
        y,
        w: Number(rect.width),
        h: Number(rect.height),
        kind: g.attributes.class?.slice(4),
        op: g.children.find(({ attributes }) => attributes.class === 'op')?.text,
        said: g.children.map((c) => c.text),
      };
    });

  it('has a box for every node but the constants, in the colour of its kind', () => {
    expect(boxes.map(({ kind, op }) => `${kind} ${op}`)).toEqual([
      'port x<&>"',
      'heavy Convolution',
      'elementwise Relu',
      'elementwise Multiply',
      'elementwise Add',
      'elementwise Tanh',
      'elementwise Sigmoid',
      'moves Concat',
      'port y',
    ]);
    expect(boxes[1]!.said.join('\n')).toContain('by 4×3×3×3');
    expect(boxes[1]!.said.join('\n')).toContain('f32 1×4×8×8');
    expect(boxes[3]!.said.join('\n')).toContain('by 0.5');
    expect(elements.find(({ attributes }) => attributes.class === 'name')?.text).toBe('branches & more');
  });
  it('keeps boxes apart and on the page, from top to bottom', () => {
    const [, , width, height] = elements[0]!.attributes.viewBox!.split(' ').map(Number) as [number, number, number, number];
    for (const [i, a] of boxes.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.x + a.w).toBeLessThanOrEqual(width);
      expect(a.y + a.h).toBeLessThanOrEqual(height);
      for (const b of boxes.slice(i + 1)) expect(a.y + a.h <= b.y || a.x + a.w <= b.x || b.x + b.w <= a.x).toBe(true);
    }
    expect(boxes.map(({ y }) => y)).toEqual(boxes.map(({ y }) => y).sort((a, b) => a - b));
  });
  it('draws a wire for every edge, from lower edge to upper edge', () => {
    const wires = elements.filter(({ attributes }) => attributes.class === 'wire').map(({ attributes }) => attributes.d!);
    expect(wires).toHaveLength(9); // two of them into Concat
    for (const d of wires) {
      const numbers = (d.match(/-?[\d.]+/g) ?? []).map(Number);
      expect(boxes.some(({ y, h }) => y + h === numbers[1])).toBe(true);
      expect(boxes.some(({ y }) => y === numbers.at(-1))).toBe(true);
    }
  });
  it('dot names the same nodes and edges', () => {
    const text = dot(model);
    expect(text.match(/^ {2}n\d+ \[/gm)).toHaveLength(9);
    expect(text.match(/ -> /g)).toHaveLength(9);
  });
});

describe('layout', () => {
  it('keeps a gap between all cells of a layer, whatever the graph', () => {
    let state = 7;
    const random = (n: number): number => ((state = (state * 48271) % 2147483647), state % n);
    for (let round = 0; round < 30; round++) {
      const widths = Array.from({ length: 2 + random(40) }, () => 60 + random(200));
      const edges = widths.flatMap((_, to) => Array.from({ length: to === 0 ? 0 : 1 + random(3) }, () => [random(to), to] as const));
      const { boxes, width, height } = layout(widths, edges, { height: 40, gapX: 10, gapY: 20, margin: 5 });
      boxes.forEach((a, i) => {
        expect(a.x - widths[i]! / 2).toBeGreaterThanOrEqual(4);
        expect(a.x + widths[i]! / 2).toBeLessThanOrEqual(width - 4);
        expect(a.y + 40).toBeLessThanOrEqual(height);
        for (let j = 0; j < i; j++)
          if (boxes[j]!.y === a.y) expect(Math.abs(boxes[j]!.x - a.x)).toBeGreaterThanOrEqual((widths[i]! + widths[j]!) / 2 + 9.8);
      });
      for (const [from, to] of edges) expect(boxes[from]!.y).toBeLessThan(boxes[to]!.y);
    }
  });
});

describe('benchmark --chart', () => {
  const ms = Array.from({ length: 400 }, (_, i) => 10 + ((i * 37) % 100) / 50 + (i === 200 ? 500 : 0));
  const elements = parse(latencyChart(ms, { title: 'm <1> on CPU', subtitle: '400 inferences', throughput: 91.25 }));
  const inside = (group: string): Element[] => elements.find(({ attributes }) => attributes.class === group)?.children ?? [];

  it('has bars that stand on one line and a dot for every inference', () => {
    const bars = inside('bars').map(({ attributes }) => ({ y: Number(attributes.y), h: Number(attributes.height) }));
    expect(bars.length).toBeGreaterThan(8);
    for (const { y, h } of bars) expect(y + h).toBeCloseTo(316, 0);
    expect(Math.max(...bars.map(({ h }) => h))).toBeCloseTo(140, 0);
    expect(inside('dots')).toHaveLength(400);
    for (const { attributes } of inside('dots')) {
      expect(Number(attributes.cy)).toBeGreaterThanOrEqual(378 - 0.1);
      expect(Number(attributes.cy)).toBeLessThanOrEqual(474 + 0.1);
    }
  });
  it('says the figures', () => {
    const said = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
    expect(said).toEqual(expect.arrayContaining(['m <1> on CPU', '400 inferences', 'median', '95 % below', '91.3 /s', 'first', 'last']));
    expect(said.find((text) => text.includes('drawn at the edge'))).toMatch(/\b[1-9]\d* above/);
  });
  it('draws a single inference, and equal ones', () => {
    for (const values of [[3], [2, 2, 2]]) {
      const text = latencyChart(values, { title: 't', subtitle: '', throughput: 1 });
      expect(text).not.toMatch(/NaN|Infinity|undefined/);
      parse(text);
    }
  });
  it('counts, cuts and marks', () => {
    expect(binned([0, 1, 2, 3, 99], 0, 4, 4)).toEqual([1, 1, 1, 2]);
    expect(ticks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(3, 3, 5)).toEqual([3]);
    expect(axisEnd([...ms].sort((a, b) => a - b))).toBeLessThan(20);
    expect(sparkline([1, 1, 1, 2, 3], 2)).toBe('█▆');
    expect(sparkline(ms)).toHaveLength(32);
  });
});

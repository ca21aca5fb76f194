import { describe, expect, it } from 'vitest';
import { drawing } from '../src/lib/diagram.js';

describe('the drawing of a decision', () => {
  const svg = drawing(
    {
      boxes: [
        { title: 'input', lines: [], group: '' },
        { title: '0 · NPU', lines: ['2 operations', 'first of the list (2)'], group: 'NPU', tip: 'a\nb <c>' },
        { title: '1 · CPU', lines: ['1 operation'], group: 'CPU' },
        { title: 'output', lines: ['y'], group: '' },
      ],
      wires: [
        { from: 2, to: 3, label: 'y, 4 B' },
        { from: 0, to: 1, label: 'x, 1.20 KB' },
        { from: 1, to: 2, label: 'b <c>, 40 B' },
      ],
    },
    'm on HETERO:NPU,CPU',
  );
  it('is one well-formed picture with every box, wire and text, and a colour for each device', () => {
    for (const text of ['0 · NPU', '1 · CPU', 'x, 1.20 KB', 'b &#60;c&#62;, 40 B', 'first of the list (2)', 'm on HETERO:NPU,CPU'])
      expect(svg).toContain(text);
    expect(svg.match(/class="box"/g)).toHaveLength(4);
    expect(svg.match(/class="wire"/g)).toHaveLength(3);
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg.match(/<(\w+)[^>]*[^/]>/g)?.length).toBe(svg.match(/<\/\w+>/g)?.length);
    expect(svg).not.toMatch(/NaN|undefined/);
  });
});

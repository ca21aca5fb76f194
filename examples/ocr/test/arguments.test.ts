import { describe, expect, it } from 'vitest';
import { parseRequest, UsageError } from '../src/arguments.js';

describe('the command line', () => {
  it('has defaults', () => {
    expect(parseRequest([])).toEqual({ images: [], device: 'AUTO', json: false, out: 'out/ocr.png', config: {}, help: false });
  });

  it('takes pictures and options in any order', () => {
    const words = [
      'a.png',
      '--device',
      'CPU',
      'b.jpg',
      '--json',
      '--config',
      'A=1',
      '--config=B=x=y',
      '--affinity-reference',
      'Sigmoid,Relu',
      '--out',
      'o.PNG',
    ];
    expect(parseRequest(words)).toEqual({
      images: ['a.png', 'b.jpg'],
      device: 'CPU',
      json: true,
      out: 'o.PNG',
      config: { A: '1', B: 'x=y' },
      onReference: ['Sigmoid', 'Relu'],
      help: false,
    });
  });

  it.each([[['--devise', 'CPU']], [['--config', 'novalue']], [['--config', '=1']], [['--out', 'a.jpg']], [['--device']]])(
    'refuses %j',
    (words) => {
      expect(() => parseRequest(words)).toThrow(UsageError);
    },
  );
});

import { describe, expect, it } from 'vitest';
import { builder, Core, Model, writeIr } from '@cuvee/core';
import { failureOf } from './slip.js';

const core = new Core({ plugins: [], frontends: [] });

/** `y = relu(x · w)` as IR: text and weights. */
function good(): { readonly xml: string; readonly weights: Uint8Array } {
  const g = builder();
  const x = g.parameter('f32', '?,4', 'x');
  const y = g.relu(
    g.matMul(
      x,
      g.constant(
        'f32',
        [4, 3],
        Array.from({ length: 12 }, (_, i) => i),
        'w',
      ),
    ),
  );
  const { xml, weights } = writeIr(new Model({ name: 'small', parameters: [x.node], results: [g.result(y, 'out')], scope: g.scope }), {
    compressToFp16: false,
  });
  return { xml, weights: Uint8Array.from(weights.flatMap((w) => [...w])) };
}
const { xml, weights } = good();
const read = (text: string, bin: Uint8Array = weights) => failureOf(() => core.readModelSync(new TextEncoder().encode(text), bin));
const net = (layers: string, edges = ''): string =>
  `<?xml version="1.0"?><net name="n" version="11"><layers>${layers}</layers><edges>${edges}</edges></net>`;
const parameter = (id: number, shape = '1'): string =>
  `<layer id="${id}" name="p${id}" type="Parameter" version="opset1"><data shape="${shape}" element_type="f32"/><output><port id="0"><dim>1</dim></port></output></layer>`;
const relu = (id: number): string =>
  `<layer id="${id}" name="r${id}" type="ReLU" version="opset1"><input><port id="0"/></input><output><port id="1"/></output></layer>`;
const result = (id: number): string =>
  `<layer id="${id}" name="o${id}" type="Result" version="opset1"><input><port id="0"/></input></layer>`;
const edge = (from: number, fromPort: number, to: number, toPort = 0): string =>
  `<edge from-layer="${from}" from-port="${fromPort}" to-layer="${to}" to-port="${toPort}"/>`;
const constant = (data: string): string =>
  `<layer id="0" name="c" type="Const" version="opset1"><data ${data}/><output><port id="0"/></output></layer>`;
const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');

it('the model that the cases spoil is a good one', async () => expect(await read(xml)).toEqual({ code: 'none', message: '' }));

describe('spoiled IR is refused with the reason', () => {
  const cases: readonly (readonly [what: string, text: string, code: string, part: RegExp])[] = [
    [
      'billion laughs',
      `<?xml version="1.0"?><!DOCTYPE net [<!ENTITY l0 "ha">${laughs}]><net name="&l9;" version="11"/>`,
      'MODEL_INVALID',
      /document type/,
    ],
    [
      'an external entity',
      '<?xml version="1.0"?><!DOCTYPE net [<!ENTITY x SYSTEM "file:///etc/passwd">]><net name="&x;" version="11"/>',
      'MODEL_INVALID',
      /document type/,
    ],
    ['an unknown entity', '<net name="&nope;" version="11"/>', 'MODEL_INVALID', /line 1/],
    ['nothing but a root', '<net name="n" version="11"/>', 'MODEL_INVALID', /./],
    ['another root', '<graph/>', 'MODEL_INVALID', /./],
    ['deep nesting', `<net version="11">${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}</net>`, 'MODEL_INVALID', /levels/],
    ['text cut short', xml.slice(0, xml.length / 2), 'MODEL_INVALID', /line/],
    ['tags crossed', '<net name="n" version="11"><layers></net></layers>', 'MODEL_INVALID', /line/],
    ['an unknown version', net(parameter(0)).replace('version="11"', 'version="99"'), 'MODEL_INVALID', /99/],
    ['a version far in the past', net(parameter(0)).replace('version="11"', 'version="2"'), 'MODEL_INVALID', /2/],
    ['ids twice', net(parameter(0) + relu(0) + result(2), edge(0, 0, 2)), 'MODEL_INVALID', /0/],
    ['a cycle', net(relu(0) + relu(1) + result(2), edge(0, 1, 1) + edge(1, 1, 0) + edge(1, 1, 2)), 'MODEL_INVALID', /cycl|circle|depend/i],
    ['a node that feeds itself', net(relu(0) + result(1), edge(0, 1, 0) + edge(0, 1, 1)), 'MODEL_INVALID', /cycl|circle|depend/i],
    ['an edge from nowhere', net(parameter(0) + result(1), edge(7, 0, 1)), 'MODEL_INVALID', /7/],
    ['an edge to nowhere', net(parameter(0) + result(1), edge(0, 0, 1) + edge(0, 0, 9)), 'MODEL_INVALID', /9/],
    ['an edge from a port that is not there', net(parameter(0) + result(1), edge(0, 5, 1)), 'MODEL_INVALID', /5/],
    ['an edge to a port that is not there', net(parameter(0) + result(1), edge(0, 0, 1, 5)), 'MODEL_INVALID', /./],
    ['an input without an edge', net(parameter(0) + relu(1) + result(2), edge(1, 1, 2)), 'MODEL_INVALID', /r1/],
    [
      'two edges to one input',
      net(parameter(0) + parameter(3) + relu(1) + result(2), edge(0, 0, 1) + edge(3, 0, 1) + edge(1, 1, 2)),
      'MODEL_INVALID',
      /./,
    ],
    [
      'an unknown operation',
      net(parameter(0) + relu(1).replace('ReLU', 'Frobnicate') + result(2), edge(0, 0, 1) + edge(1, 1, 2)),
      'MODEL_UNSUPPORTED',
      /Frobnicate/,
    ],
    [
      'an unknown opset',
      net(parameter(0) + relu(1).replace('opset1', 'opset99') + result(2), edge(0, 0, 1) + edge(1, 1, 2)),
      'MODEL_UNSUPPORTED',
      /opset99/,
    ],
    ['an unknown element type', net(parameter(0).replace('f32', 'f33') + result(1), edge(0, 0, 1)), 'MODEL_INVALID', /f33/],
    ['a shape of words', net(parameter(0, 'many,few') + result(1), edge(0, 0, 1)), 'MODEL_INVALID', /many/],
    [
      'a constant beyond the weights',
      net(constant('element_type="f32" shape="1000" offset="0" size="4000"') + result(1), edge(0, 0, 1)),
      'MODEL_INVALID',
      /4000/,
    ],
    [
      'an offset beyond the weights',
      net(constant('element_type="f32" shape="1" offset="4000" size="4"') + result(1), edge(0, 0, 1)),
      'MODEL_INVALID',
      /4000/,
    ],
    [
      'a negative offset',
      net(constant('element_type="f32" shape="1" offset="-4" size="4"') + result(1), edge(0, 0, 1)),
      'MODEL_INVALID',
      /-4/,
    ],
    [
      'an offset that wraps',
      net(constant('element_type="f32" shape="1" offset="18446744073709551612" size="4"') + result(1), edge(0, 0, 1)),
      'MODEL_INVALID',
      /./,
    ],
    [
      'a fractional offset',
      net(constant('element_type="f32" shape="1" offset="1.5" size="4"') + result(1), edge(0, 0, 1)),
      'MODEL_INVALID',
      /1\.5/,
    ],
    [
      'fewer bytes than the shape needs',
      net(constant('element_type="f32" shape="3" offset="0" size="8"') + result(1), edge(0, 0, 1)),
      'MODEL_INVALID',
      /12|8/,
    ],
    [
      'a shape whose product overflows',
      net(constant('element_type="f32" shape="4294967296,4294967296" offset="0" size="4"') + result(1), edge(0, 0, 1)),
      'MODEL_INVALID',
      /./,
    ],
    [
      'a prototype as attributes',
      net(
        parameter(0) + relu(1).replace('<input>', '<data __proto__="x" constructor="y"/><input>') + result(2),
        edge(0, 0, 1) + edge(1, 1, 2),
      ),
      'none',
      /^$/,
    ],
  ];
  it.each(cases)('%s', async (_what, text, code, part) => {
    const failure = await read(text);
    expect(failure.code, failure.message).toBe(code);
    expect(failure.message).toMatch(part);
  });
});

it('text cut at any place is refused, never misread', async () => {
  for (let length = 1; length < xml.trimEnd().length; length += 17) {
    const { code, message } = await read(xml.slice(0, length));
    expect(['MODEL_INVALID', 'MODEL_UNSUPPORTED'], `${length} characters: ${message}`).toContain(code);
  }
});

it('weights cut at any place are refused', async () => {
  for (let length = 0; length < weights.length; length += 5) {
    const { code, message } = await read(xml, weights.subarray(0, length));
    expect(code, `${length} bytes: ${message}`).toBe('MODEL_INVALID');
  }
});

it('400 damaged texts read, or are refused with a reason', async () => {
  let state = 1;
  const random = (n: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
  const pieces = ['', '0', '-1', '"', '<', '>', '/', 'opset1', '99999999999', '&amp;', '\u0000', 'layer', 'id="0"', '<port id="0"/>'];
  const tally: Record<string, number> = {};
  for (let i = 0; i < 400; i++) {
    const at = random(xml.length);
    const text = xml.slice(0, at) + pieces[random(pieces.length)] + xml.slice(at + random(12));
    const { code, message } = await read(text);
    expect(['none', 'MODEL_INVALID', 'MODEL_UNSUPPORTED'], message).toContain(code);
    tally[code] = (tally[code] ?? 0) + 1;
  }
  expect(tally.MODEL_INVALID).toBeGreaterThan(100);
});

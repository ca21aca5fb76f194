/** Preprocessing of pictures of bytes: one operation in the graph, read by the first convolution. */
import { describe, expect, test } from 'vitest';
import { builder, Core, interpret, Model, PrePostProcessor, print, Tensor, type InputInfo, type PreProcessSteps } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random } from '../../core/src/ops/cases.js';
import { compile, prepare } from '../src/compile/compile.js';
import { printPlan } from '../src/plan/print.js';

const core = new Core({ plugins: [cpu()], frontends: [] });

/** A convolution 3×3 with stride 2 and relu, of a picture NCHW that `say` preprocesses. */
function model(shape: string, say: (steps: PreProcessSteps, input: InputInfo) => void): Model {
  const g = builder();
  const x = g.parameter('f32', shape, 'x');
  const filters = g.constant(new Random(1).tensor('f32', [20, 3, 3, 3], -1, 1));
  const windows = { strides: [2, 2], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] };
  const y = g.relu(g.convolution(x, filters, windows));
  const made = new Model({ name: 'first', parameters: [x.node], results: [g.result(y)], scope: g.scope });
  const processor = new PrePostProcessor(made);
  const input = processor.input();
  input.tensor().setElementType('u8').setLayout('NHWC');
  input.model().setLayout('NCHW');
  say(input.preprocess(), input);
  return processor.build().model;
}

const photograph = (steps: PreProcessSteps): void =>
  void steps.convertElementType('f32').mean([123.675, 116.28, 103.53]).scale([58.395, 57.12, 57.375]);

test('convert, mean, scale and layout are one operation, which the convolution reads', () => {
  const rewritten = model('1,3,?,?', photograph);
  prepare(rewritten);
  const text = print(rewritten)
    .split('\n')
    .filter((line) => !line.includes('= Constant('))
    .join('\n');
  expect(text.replace(/_\d+\b/g, '')).toMatchInlineSnapshot(`
    "model "first"
      %x = Parameter() {shape=[1,?,?,3], element_type=u8} : u8 [1,x.1,x.2,3]
      %Transpose = Image(%x) {planar=false, channels=[0,1,2], pre=[-123.67500305175781,-116.27999877929688,-103.52999877929688], scale=[0.01712475369742118,0.01750700312849259,0.017429193899782137], shift=[0,0,0]} : f32 [1,3,x.1,x.2]
      %Convolution = FusedConvolution(%Transpose, %constant) {strides=[2,2], dilations=[1,1], pads_begin=[1,1], pads_end=[1,1], auto_pad=explicit, activation=relu, alpha=0, beta=0, residual_after=false} : f32 [1,20,ceil(x.1/2),ceil(x.2/2)]
      %result = Result(%Convolution) : f32 [1,20,ceil(x.1/2),ceil(x.2/2)]
    "
  `);
  const plan = printPlan(compile(model('1,3,?,?', photograph), { name: 'avx512', block: 16 }).plan);
  expect(plan).toContain('conv.image(%0:u8');
  expect(plan).not.toMatch(/\b(convert|eltwise|transpose)\b/);
});

const pipelines: Readonly<Record<string, (steps: PreProcessSteps, input: InputInfo) => void>> = {
  'a photograph': photograph,
  'reversed channels before the conversion': (s) => photograph(s.reverseChannels()),
  'reversed channels after the layout': (s) =>
    s.convertElementType('f32').convertLayout('NCHW').mean(127.5).reverseChannels().scale([1, 2, 3]),
  'four channels as BGR': (s, i) => {
    i.tensor().setColorFormat('RGBX');
    photograph(s.convertColor('BGR'));
  },
  planes: (s, i) => {
    i.tensor().setLayout('NCHW');
    photograph(s);
  },
  floats: (s, i) => {
    i.tensor().setElementType('f32');
    photograph(s);
  },
  'planes of floats, scaled before the mean': (s, i) => {
    i.tensor().setElementType('f32').setLayout('NCHW');
    s.scale([2, 3, 4]).mean(0.5).reverseChannels();
  },
  'a conversion alone': (s, i) => {
    i.tensor().setLayout('NCHW');
    s.convertElementType('f32');
  },
};

describe.each(Object.entries(pipelines))('%s', (_, say) => {
  test.each([
    [64, 70],
    [33, 19],
    [5, 3],
    [2, 300],
  ])('%d x %d pixels equal the separate steps', async (h, w) => {
    const made = model('?,3,?,?', say);
    const dims = made.inputs[0]!.partialShape.getDimensions();
    const sizes = dims.map((d, i) => (typeof d === 'number' && d > 0 ? d : i === 0 ? 2 : dims[1] === 3 ? [h, w][i - 2]! : [h, w][i - 1]!));
    const type = made.inputs[0]!.elementType;
    const picture = new Random(h * w).tensor(type, sizes, 0, 255);
    const compiled = await core.compileModel(made, 'CPU');
    const request = compiled.createInferRequest();
    await request.inferAsync([new Tensor(type, sizes, picture.storage)]);
    const got = request.getOutputTensor(0);
    const [want] = interpret(made, [picture.nd()]);
    expect(got.shape).toEqual(want!.shape);
    const far = Array.from(want!.data as Float32Array, (v, i) => Math.abs(v - Number(got.data[i])));
    const most = Math.max(...Array.from(want!.data as Float32Array, Math.abs));
    expect(Math.max(...far)).toBeLessThanOrEqual(3e-6 * most);
    compiled.release();
  });
});

test('a picture that nobody convolves is made planar in one step', async () => {
  const g = builder();
  const x = g.parameter('f32', '1,3,9,8', 'x');
  const made = new Model({ name: 'planar', parameters: [x.node], results: [g.result(g.relu(x))], scope: g.scope });
  const processor = new PrePostProcessor(made);
  processor.input().tensor().setElementType('u8').setLayout('NHWC');
  processor.input().model().setLayout('NCHW');
  processor.input().preprocess().convertElementType('f32').mean(100).scale(2);
  processor.build();
  const { plan } = compile(processor.model, { name: 'avx512', block: 16 });
  expect(plan.levels.flatMap((l) => l.steps.map((s) => s.family))).toEqual(['image', 'eltwise']);
});

test('what another operation needs stays, and is the picture', () => {
  const g = builder();
  const x = g.parameter('u8', '1,4,4,3', 'x');
  const floats = g.convert(x, { destination_type: 'f32' });
  const moved = g.transpose(g.multiply(floats, g.scalar(2, 'f32')), g.ints([0, 3, 1, 2]));
  const results = [g.result(moved), g.result(floats)];
  const made = new Model({ name: 'both', parameters: [x.node], results, scope: g.scope });
  prepare(made);
  const image = made.nodes().find((n) => n.op.name === 'Image');
  expect(image?.inputs[0]?.node.op.name).toBe('Convert');
});

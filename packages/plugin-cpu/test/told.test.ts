/** Sizes that only the run tells are known before they are used, whatever became of the node that they are named after. */
import { expect, it } from 'vitest';
import { builder, Core, Model, Tensor } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';

const core = new Core({ plugins: [cpu(), reference()] });
const ramp = (...shape: number[]): Tensor =>
  new Tensor(
    'f32',
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i)),
  );
/** Results of runs one after the other, on both devices. */
function agree(model: Model, runs: readonly (readonly Tensor[])[]): void {
  const [mine, theirs] = ['CPU', 'REFERENCE'].map((device) => {
    const request = core.compileModelSync(model, device).createInferRequest();
    return runs.map((inputs) => {
      const [y] = Object.values(request.infer([...inputs])) as [Tensor];
      return { shape: [...y.shape], values: Array.from(y.data as Float32Array) };
    });
  });
  mine?.forEach(({ shape, values }, run) => {
    expect(shape).toEqual(theirs?.[run]?.shape);
    values.forEach((v, i) => expect(v).toBeCloseTo(theirs?.[run]?.values[i] as number, 5));
  });
}

it('elements of a value that decomposition replaced by another', () => {
  const g = builder();
  const x = g.parameter('f32', '1,1,?,?', 'x');
  const whole = g.parameter('i64', '4', 'whole');
  const [begin, end, step] = [2, 4, 1].map((n) => g.constant('i64', [1], [n])) as [never, never, never];
  const sizes = g.stridedSlice(whole, begin, end, step, { begin_mask: [0], end_mask: [0] } as never);
  const y = g.interpolate(x, sizes, g.constant('i64', [2], [2, 3]), { mode: 'linear_onnx', shape_calculation_mode: 'sizes' } as never);
  const model = new Model({ name: 'resized', parameters: [x.node, whole.node], results: [g.result(y)], scope: g.scope });
  agree(
    model,
    [
      [5, 6],
      [3, 9],
    ].map((to) => [ramp(1, 1, 4, 4), Tensor.from('i64', [4], [1, 1, ...to])]),
  );
});

it('the length of a state that is read after a tensor as long is computed', () => {
  const g = builder();
  const q = g.parameter('f32', '1,1,?,8', 'q');
  const v = g.parameter('f32', '1,1,?,8', 'v');
  const start = g.parameter('f32', '1,1,0,8', 'start');
  const mask = g.parameter('f32', '1,1,?,?', 'mask');
  const past = g.readValue(start, { variable_id: 'past', variable_type: 'f32', variable_shape: '1,1,?,8' } as never);
  const values = g.concat([past, v], { axis: 2 });
  const k = g.parameter('f32', '1,1,?,8', 'k'); // later than the state, whose name the common length gets
  const y = g.scaledDotProductAttention(q, k, values, mask, undefined);
  const assign = g.assign(values, { variable_id: 'past' } as never);
  const parameters = [q, k, v, start, mask].map((value) => value.node);
  const model = new Model({ name: 'decoder', parameters, results: [g.result(y)], sinks: [assign.node], scope: g.scope });
  const step = (past: number, now: number): Tensor[] => [
    ramp(1, 1, now, 8),
    ramp(1, 1, past + now, 8),
    ramp(1, 1, now, 8),
    new Tensor('f32', [1, 1, 0, 8]),
    ramp(1, 1, now, past + now),
  ];
  agree(model, [step(0, 4), step(4, 1), step(5, 2)]);
});

/** A device whose runs end when the test says so, and small models for it. */
import { builder, Model, Tensor, type DeviceModel, type DevicePlugin, type DeviceRequest, type RunOptions } from '@cuvee/core';

/** `y = x + 1` over f32 with a free size; `twoInputs`: `y = a - b`. */
export function addOne(): Model {
  const g = builder();
  const x = g.parameter('f32', '?,2', 'x');
  const y = g.add(x, g.constant('f32', [], [1]));
  y.names = ['y'];
  return new Model({ name: 'addOne', parameters: [x.node], results: [g.result(y)], scope: g.scope });
}
export function subtract(): Model {
  const g = builder();
  const a = g.parameter('f32', '2', 'a');
  const b = g.parameter('f32', '2', 'b');
  return new Model({ name: 'subtract', parameters: [a.node, b.node], results: [g.result(g.subtract(a, b))], scope: g.scope });
}

/** What the test sees of one run, and how it ends it. */
export interface Run {
  readonly inputs: readonly Tensor[];
  readonly given: readonly (Tensor | undefined)[];
  end(): void;
  fail(error: unknown): void;
}

export interface Fake extends DevicePlugin {
  readonly runs: Run[];
  readonly released: string[];
}

/** `name`'s runs copy the first input plus one; they end by hand, or at once with `auto`. */
export function fake(name = 'FAKE', more: Partial<DevicePlugin> & { readonly auto?: boolean } = {}): Fake {
  const runs: Run[] = [];
  const released: string[] = [];
  const request = (): DeviceRequest => ({
    run: (inputs, given, { signal }: RunOptions) =>
      new Promise((resolve, reject) => {
        const x = inputs[0] as Tensor;
        const made = new Tensor(
          'f32',
          x.shape,
          Float32Array.from(x.data as Float32Array, (v) => v + 1),
        );
        const end = (): void => {
          const mine = given[0];
          if (mine && mine.shape.join() === made.shape.join()) mine.data = made.data;
          resolve([mine ?? made]);
        };
        signal?.addEventListener('abort', () => reject(signal.reason));
        runs.push({ inputs, given, end, fail: reject });
        if (more.auto) end();
      }),
    release: () => void released.push(`${name} request`),
  });
  return {
    name,
    version: '1',
    properties: {
      SPEED: { type: 'int', mutability: 'RW', min: 1, max: 9, default: 3, description: 'how fast' },
      MODE: { type: 'enum', mutability: 'RW', words: ['HOT', 'COLD'], default: 'HOT', description: 'how' },
      SERIAL: { type: 'text', mutability: 'RO', default: 'abc', description: 'which' },
    },
    devices: () => [{ id: '', fullName: `${name} device`, capabilities: ['FP32'] }],
    query: (model) => new Map(model.nodes().map((n) => [n, true])),
    compile: (_model, config): DeviceModel => ({
      createRequest: request,
      info: { optimalRequests: 2, executionDevices: [name], properties: config },
      release: () => void released.push(`${name} model`),
    }),
    runs,
    released,
    ...more,
  };
}

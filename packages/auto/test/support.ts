/** What the tests of AUTO and MULTI share: a model whose results tell its inputs apart, events, and time. */
import { channel } from 'node:diagnostics_channel';
import { builder, Core, CuveeError, Model, Tensor, type CompiledModel, type DeviceEvent, type DevicePlugin } from '@cuvee/core';
import { hetero } from '@cuvee/hetero';
import { multi } from '@cuvee/multi';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { auto } from '@cuvee/auto';
import { fake } from '../../core/test/runtime/fake.js';

/** `y = relu(x · w + 1)`, of which every element depends on x. */
export function network(width = 8, name = 'network'): Model {
  const g = builder();
  const x = g.parameter('f32', `?,${width}`, 'x');
  const weights = Array.from({ length: width * width }, (_, i) => ((i * 7) % 13) / 13 - 0.3);
  const y = g.relu(g.add(g.matMul(x, g.constant('f32', [width, width], weights)), g.constant('f32', [], [1])));
  y.names = ['y'];
  return new Model({ name, parameters: [x.node], results: [g.result(y)], scope: g.scope });
}
/** A row that depends on `seed`. */
export const input = (seed = 0, width = 8): Tensor =>
  new Tensor(
    'f32',
    [1, width],
    Float32Array.from({ length: width }, (_, i) => Math.sin(seed * 1.7 + i) + 1),
  );
export const valuesOf = (tensor: Tensor | undefined): number[] => Array.from(tensor?.data as Float32Array);

export const coreWith = (...more: DevicePlugin[]): Core => new Core({ plugins: [auto(), multi(), hetero(), cpu(), reference(), ...more] });

const kinds = ['selected', 'switched', 'fallback', 'lost'] as const;
/** Events as `selected MINE` and `fallback MINE -> CPU`, from now on until `stop`. */
export function listen(): { readonly events: string[]; readonly messages: DeviceEvent[]; stop(): void } {
  const events: string[] = [];
  const messages: DeviceEvent[] = [];
  const hear = (message: unknown): void => {
    const { kind, from, device } = message as DeviceEvent;
    messages.push(message as DeviceEvent);
    events.push(`${kind} ${from === undefined ? '' : `${from} -> `}${device}`);
  };
  for (const kind of kinds) channel(`cuvee:${kind}`).subscribe(hear);
  return { events, messages, stop: () => void kinds.map((kind) => channel(`cuvee:${kind}`).unsubscribe(hear)) };
}

export const pause = (milliseconds = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** Waits until something holds; fails after five seconds. */
export async function until(what: () => boolean): Promise<void> {
  for (const end = performance.now() + 5000; !what(); ) {
    if (performance.now() > end) throw new Error(`never: ${String(what)}`);
    await pause(2);
  }
}
/** One inference of its own request. */
export async function infer(compiled: CompiledModel, seed = 0): Promise<{ readonly values: number[]; readonly device: string }> {
  using request = compiled.createInferRequest();
  const { y } = await request.inferAsync([input(seed)]);
  return { values: valuesOf(y), device: request.executionDevices.join() };
}

/** A device that refuses or fails with a code. */
export const failing = (name: string, code: 'MODEL_UNSUPPORTED' | 'INTERNAL' | 'DEVICE_LOST' | 'OUT_OF_MEMORY'): DevicePlugin =>
  fake(name, {
    compile: () => {
      throw new CuveeError(code, `${name} says no`);
    },
  });
/** The model of most tests. */
export const wanted = network();
/** What the CPU makes of an input of `wanted`. */
export const want = (seed = 0): number[] =>
  valuesOf(
    coreWith()
      .compileModelSync(wanted, 'CPU')
      .createInferRequest()
      .infer([input(seed)]).y,
  );

/** @file From a model to parts that are compiled on their devices. */
import {
  after,
  all,
  attempt,
  portTexts,
  rankOf,
  sealsOf,
  splitModel,
  Tensor,
  type Awaitable,
  type CompileOptions,
  type Config,
  type DeviceModel,
  type Model,
  type Part,
  type Value,
} from '@cuvee/core';
import { computeConstants } from './constants.js';
import { namesOf, storyOf, type Story } from './explain.js';
import { joined } from './joined.js';
import { partConfig } from './part-config.js';
import { partition } from './partition.js';
import { allowedFor, ask, reasonsOf, type Answers } from './place.js';
import { pricesOf } from './prices.js';
import type { Split, Wiring } from './request.js';
import { freeNodes, unitsOf } from './units.js';

/** A model in parts, nothing compiled yet. */
export interface Cut {
  readonly parts: readonly Part[];
  readonly wiring: Wiring;
  readonly story: Story;
}

/** Compiles for the devices of the list. Throws MODEL_UNSUPPORTED, ARGUMENT_INVALID. */
export function compile(model: Model, devices: readonly string[], config: Config, options: CompileOptions): Awaitable<DeviceModel> {
  return after(ask(model, devices, config, options), (answered) => {
    const computed = computeConstants(model, answered, config, options);
    const figured = after(computed, () => all(devices.map((device) => options.host.costs(device))));
    return after(figured, (figures) => {
      const { parts, wiring, story } = cut(model, answered, figures);
      return after(compileParts(parts, config, options), (models) => {
        const split: Split = { name: model.friendlyName, wiring, models, level: rankOf(config.LOG_LEVEL) };
        // The graph goes where a device can write what it made of it.
        const kept = parts.map((p, i) => (models[i]?.save ? undefined : p.model));
        const devicesOfParts = story.parts.map((p) => p.device);
        return after(sealsOf(devicesOfParts, options.host), (seals) =>
          joined(split, story, config, { ports: portTexts(model), models: kept, seals }),
        );
      });
    });
  });
}

/** The split: who gets what, as `partition` finds it. */
export function cut(model: Model, answered: Answers, figures: Parameters<typeof pricesOf>[2]): Cut {
  const { devices } = answered;
  const everywhere = (allowed: readonly number[]): boolean => allowed.length === devices.length;
  const units = unitsOf(
    model,
    freeNodes(model, (node) => everywhere(answered.allowed(node))),
  );
  const prices = pricesOf(units, allowedFor(units.nodes, answered), figures);
  const cuts = partition(units.graph, prices);
  const groups = cuts.map((c) => ({ label: devices[c.device] as string, nodes: c.units.flatMap((unit) => units.nodes[unit] ?? []) }));
  const parts = splitModel(model, groups);
  const { wiring, values } = wiringOf(model, parts);
  const stories = parts.map((part, i) => ({
    device: part.label,
    nodes: namesOf(part.nodes),
    why: reasonsOf(part.nodes, cuts[i]?.device ?? 0, answered),
  }));
  return { parts, wiring, story: storyOf(model, devices, stories, values) };
}

/** Values as numbers. */
function wiringOf(model: Model, parts: readonly Part[]): { readonly wiring: Wiring; readonly values: readonly Value[] } {
  const values = [...model.inputs, ...parts.flatMap((p) => p.outputs)];
  const number = new Map(values.map((v, i) => [v, i]));
  const numbers = (list: readonly Value[]): number[] => list.map((v) => number.get(v) as number);
  const wiring: Wiring = {
    inputs: model.inputs.length,
    parts: parts.map((p) => ({ device: p.label, inputs: numbers(p.inputs), outputs: numbers(p.outputs) })),
    results: model.results.map((r) => number.get(r.input(0)) ?? constant(r.input(0))),
  };
  return { wiring, values };
}

/** A result that no part makes: it is a constant. */
function constant({ fact: { value } }: Value): Tensor {
  if (!value) throw new Error('a result that no part makes is no constant');
  return new Tensor(value.type, value.shape, value.storage);
}

/** One after the other; those that were compiled are released when one cannot be. */
function compileParts(parts: readonly Part[], config: Config, options: CompileOptions): Awaitable<readonly DeviceModel[]> {
  const models: DeviceModel[] = [];
  const { host, signal, paced } = options;
  const next = ([part, ...rest]: readonly Part[]): Awaitable<readonly DeviceModel[]> =>
    part === undefined
      ? models
      : attempt(
          () => host.compile(part.model, part.label, partConfig(config, part.label, options), { signal, paced }),
          (compiled) => {
            models.push(compiled);
            return next(rest);
          },
          (error) => {
            for (const model of models) model.release();
            throw error;
          },
        );
  return next(parts);
}

/**
 * @file What follows from constants alone and not every device runs: computed once, by a device that runs it, before the split, so that the
 * others have constants and nobody hands them over at each inference.
 */
import {
  after,
  applyPatch,
  attempt,
  builder,
  Literal,
  splitModel,
  type Awaitable,
  type CompileOptions,
  type Config,
  type DeviceModel,
  type Model,
  type Node,
  type Tensor,
} from '@cuvee/core';
import { partConfig } from './part-config.js';
import type { Answers } from './place.js';
import { isPort } from './units.js';

/** Replaces such nodes by their values, where one device runs all of them; at once only where it can. */
export function computeConstants(model: Model, { devices, allowed }: Answers, config: Config, options: CompileOptions): Awaitable<void> {
  const all = new Set(followers(model));
  const nodes = [...all].filter(behind((node) => allowed(node).length < devices.length));
  const device = devices.find((_, i) => nodes.every((node) => allowed(node).includes(i)));
  if (nodes.length === 0 || device === undefined) return undefined;
  const others = model.nodes().filter((n) => !isPort(n) && n.op.name !== 'Constant' && !all.has(n));
  const [part] = splitModel(model, [
    { label: device, nodes },
    { label: '', nodes: others },
  ]);
  if (!part || part.inputs.length > 0 || part.outputs.length === 0) return undefined;
  const { host, signal, paced } = options;
  return attempt(
    () =>
      after(host.compile(part.model, device, partConfig(config, device, options), { signal, paced }), (made) =>
        results(made, part.outputs.length, options),
      ),
    (tensors = []) => {
      const g = builder(model.scope);
      const patch = tensors.map((t, i) => {
        const old = part.outputs[i] as (typeof part.outputs)[number];
        return [old, g.constant(Literal.of(t.type, t.shape, t.data as never), old.node.name)] as const;
      });
      applyPatch(model, patch, 'constants');
    },
    (error) => {
      // The split does without, and says what is wrong where it is.
      if (signal?.aborted) throw error;
    },
  );
}

/** What a model without inputs gives, in memory of its own; undefined where that takes a promise and nobody waits. */
function results(made: DeviceModel, count: number, { signal, paced }: CompileOptions): Awaitable<readonly Tensor[] | undefined> {
  const request = made.createRequest();
  const given = Array.from({ length: count }, () => undefined);
  const run = (): Awaitable<readonly Tensor[] | undefined> =>
    request.runSync ? request.runSync([], given) : paced ? request.run([], given, { signal }) : undefined;
  const end = (): void => {
    request.release();
    made.release();
  };
  return attempt(
    run,
    (tensors) => {
      const own = tensors?.map((t) => t.slice());
      end();
      return own;
    },
    (error) => {
      end();
      throw error;
    },
  );
}

/** Whether something holds for a node, or for one that it follows from; for nodes in their order. */
function behind(holds: (node: Node) => boolean): (node: Node) => boolean {
  const found = new Set<Node>();
  return (node) => {
    if (!holds(node) && !node.inputs.some((v) => v && found.has(v.node))) return false;
    found.add(node);
    return true;
  };
}

/** Nodes that follow from constants alone, in their order. Texts stay where they are. */
function followers(model: Model): readonly Node[] {
  const known = new Set<Node>();
  const found: Node[] = [];
  for (const node of model.nodes()) {
    if (isPort(node)) continue;
    const { op, inputs, outputs } = node;
    if (inputs.length === 0 ? op.name === 'Constant' : inputs.every((v) => !v || known.has(v.node))) {
      if (op.traits.impure || op.traits.control || op.domain !== undefined || outputs.some((v) => v.fact.type === 'string')) continue;
      known.add(node);
      if (inputs.length > 0) found.push(node);
    }
  }
  return found;
}

/** @file What core and `start.ts`, which keeps compiled code in Node, tell each other: kinds of work done, and scripts to run. */
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';

/** Takes kinds of work, such as `onnx Relu` (read), `CPU Relu` (compiled) and `CPU from the cache`. */
export type WorkListener = (kinds: Iterable<string>) => void;

let listener: WorkListener | undefined;

/** Tells `hears` of each model that is read, compiled or taken from a cache from now on. @internal */
export const onWork = (hears: WorkListener): void => void (listener = hears);

/** The kinds of work that `who`, a frontend or a device, has with a model; nothing when nobody wants to know. */
export function workOn(who: string, model: Model): ReadonlySet<string> | undefined {
  if (!listener) return undefined;
  const ops = new Set<string>();
  const nodes = model.nodes();
  for (let i = 0; i < nodes.length; i++) ops.add((nodes[i] as Node).op.name);
  return new Set(Array.from(ops, (op) => `${who} ${op}`));
}

/** That work is done. */
export function worked(kinds: Iterable<string> | undefined): void {
  if (kinds) listener?.(kinds);
}

/** Runs the script at a path and returns what it exports; undefined where the module loader has to. */
export type ScriptStarter = (path: string) => Record<string, unknown> | undefined;

let starter: ScriptStarter | undefined;

/** Makes `starts` run the scripts of discovered packages. @internal */
export const onScript = (starts: ScriptStarter): void => void (starter = starts);

/** What the script at a path exports; undefined where scripts are not run. */
export const startScript = (path: string): Record<string, unknown> | undefined => starter?.(path);

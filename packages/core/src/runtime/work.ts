/** @file What this process has done, in kinds: whoever keeps compiled code (`start.ts`) learns from it when there is more to keep. */
import type { Model } from '../ir/model.js';

/** Takes kinds of work, such as `onnx Relu` (read) and `CPU Relu` (compiled). */
export type WorkListener = (kinds: Iterable<string>) => void;

let listener: WorkListener | undefined;

/** Tells `hears` of each model that is read or compiled from now on. @internal */
export const onWork = (hears: WorkListener): void => void (listener = hears);

/** The kinds of work that `who`, a frontend or a device, has with a model; nothing when nobody wants to know. */
export const workOn = (who: string, model: Model): ReadonlySet<string> | undefined =>
  listener && new Set(model.nodes().map((node) => `${who} ${node.op.name}`));

/** That work is done. */
export function worked(kinds: ReadonlySet<string> | undefined): void {
  if (kinds) listener?.(kinds);
}

/**
 * @file A model over several devices as bytes: what each device wrote of its own and, where some device wrote nothing, the model as IR, of
 * which they compile anew. Read again, it is compiled piece by piece, as those who serve need it.
 */
import type { Awaitable, CompileOptions, DeviceHost, DeviceModel } from '../device/contract.js';
import { innerConfig } from '../device/meta.js';
import type { Config } from '../device/properties.js';
import { CuveeError } from '../errors.js';
import type { Model } from '../ir/model.js';
import { portModel, type PortsText } from '../ir/ports.js';
import { after, isPromise } from '../runtime/awaitable.js';
import { modelInBlob, readFrames, unsuitable, whenWritten, writeFrames, type FrameKind } from '../runtime/frames.js';
import type { Asked } from './supply.js';
import {
  areSeals,
  modelBlob,
  propertiesThatDiffer,
  refuseDifferences,
  sealedProperties,
  sealsOf,
  versionsThatDiffer,
  type Seal,
} from './seals.js';

/** What a blob needs beside what the devices write. */
export interface Origin {
  /** The meta-device: `AUTO`. */
  readonly by: string;
  readonly ports: PortsText;
  /** What all was compiled from; undefined where nobody will compile it again. */
  readonly model: Model | undefined;
  readonly config: Config;
  readonly host: DeviceHost;
  /** States live in it: inferences stay with their device. */
  readonly states: boolean;
}

/** A device, and the model compiled for it where it is. */
export interface Form {
  readonly device: string;
  readonly compiled: DeviceModel | undefined;
}

/** The text of a blob. Pieces: what each device of `wrote` wrote, then the model's text and weights. */
interface Text {
  readonly ports: PortsText;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly states: boolean;
  /** Devices in their order, those too that are in reserve. */
  readonly seals: readonly Seal[];
  readonly wrote: readonly string[];
  readonly model: boolean;
}

const kindOf = (by: string): FrameKind => ({ magic: `CUV${by.padEnd(5, '_').slice(0, 5)}`, version: 1, device: by });

/** For `DeviceModel.save`. Throws NOT_IMPLEMENTED where a device cannot write and the model cannot be written either. */
export function saveForms(forms: readonly Form[], origin: Origin): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  const { by, ports, model, config, host, states } = origin;
  const seals = sealsOf(
    forms.map((f) => f.device),
    host,
  );
  const written = forms.map((f) => f.compiled?.save?.());
  const write = (known: readonly Seal[]) => (blobs: readonly (Uint8Array | undefined)[]) => {
    const wrote = forms.flatMap(({ device }, i) => (blobs[i] ? [device] : []));
    const ir = wrote.length < forms.length && model ? modelBlob(model) : undefined;
    if (wrote.length === 0 && !ir) throw new CuveeError('NOT_IMPLEMENTED', `no device of ${by} exports compiled models`);
    const text: Text = { ports, properties: sealedProperties(config), states, seals: known, wrote, model: ir !== undefined };
    return writeFrames(kindOf(by), text, [...blobs.flatMap((b) => b ?? []), ...(ir ? [ir.xml, ir.weights] : [])]);
  };
  if (!isPromise(seals)) return whenWritten(written, write(seals));
  return (async function* later() {
    yield* whenWritten(written, write(await seals));
  })();
}

/** A blob that was read: its ports, and what compiles for its devices. */
export interface Opened {
  readonly ports: Model;
  readonly states: boolean;
  /** Devices of the blob that are here, in its order. */
  readonly devices: readonly string[];
  /** Whether the device's own form is in it, so that compiling takes no time. */
  readonly holds: (device: string) => boolean;
  /** For `SchedulerOptions.compile`. */
  readonly compile: (device: string, asked: Asked) => Awaitable<DeviceModel>;
  /** Itself, for `DeviceModel.save` of what was made of it. */
  readonly save: () => Iterable<Uint8Array>;
}

/**
 * Reads a blob for the devices that are here. Throws MODEL_INVALID: what is damaged, or all that differs from when it was written.
 */
export function openForms(
  by: string,
  bytes: Uint8Array,
  here: readonly string[],
  config: Config,
  { host }: Pick<CompileOptions, 'host'>,
): Awaitable<Opened> {
  const { content, pieces } = readFrames(kindOf(by), bytes);
  const text = textOf(content, pieces.length);
  if (!text) throw unsuitable(`is damaged: its text is none of ${by}`);
  const { seals, wrote, properties } = text;
  const there = seals.map((s) => s.device).filter((device) => here.includes(device));
  const missing = wrote.filter((device) => !here.includes(device));
  if (missing.length > 0 || there.length === 0)
    refuseDifferences([`it runs on ${seals.map((s) => s.device).join(', ')}, here are ${here.join(', ')}`]);
  return after(sealsOf(there, host), (known): Opened => {
    refuseDifferences([
      ...versionsThatDiffer(seals, known, (device) => wrote.includes(device)),
      ...propertiesThatDiffer(properties, config),
    ]);
    const ports = portsIn(text);
    const [xml, weights] = text.model ? pieces.slice(-2) : [];
    let model: Model | undefined;
    // What compiles anew heeds what the whole was compiled with, of which only what may stand there is taken.
    const sealed = { ...sealedProperties(properties as Config), ...config } as Config;
    const compile = (device: string, asked: Asked): Awaitable<DeviceModel> => {
      const inner = innerConfig(config, device, host);
      const piece = wrote.includes(device) ? pieces[wrote.indexOf(device)] : undefined;
      if (piece)
        return after(host.importModel(piece, device, inner, asked), (loaded) => {
          if (signature(loaded.ports) === signature(ports)) return loaded.compiled;
          loaded.compiled.release();
          throw unsuitable(`is damaged: its part for ${device} is of another model`);
        });
      if (!xml || !weights) throw new CuveeError('NOT_IMPLEMENTED', `the compiled model holds nothing for ${device}`);
      model ??= modelInBlob(xml, weights);
      if (signature(model) !== signature(ports)) throw unsuitable('is damaged: its model is another one');
      return host.compile(model, device, innerConfig(sealed, device, host), asked);
    };
    return { ports, states: text.states, devices: there, holds: (device) => wrote.includes(device), compile, save: () => [bytes] };
  });
}

function portsIn({ ports }: Text): Model {
  try {
    return portModel(ports);
  } catch {
    throw unsuitable('is damaged: its ports are none');
  }
}
/** Types and ranks of the ports. */
const signature = (model: Model): string =>
  [model.inputs, model.outputs]
    .map((values) => values.map((v) => `${v.elementType} ${v.partialShape.dimensions?.length}`).join())
    .join(' -> ');

/** The text of a blob, checked: a checksum proves no author. */
function textOf(content: unknown, pieces: number): Text | undefined {
  const { ports, properties, states, seals, wrote, model } = (content ?? {}) as Partial<Text>;
  if (!ports || !Array.isArray(ports.inputs) || !Array.isArray(ports.outputs) || typeof properties !== 'object') return undefined;
  if (typeof states !== 'boolean' || typeof model !== 'boolean' || !areSeals(seals) || !Array.isArray(wrote)) return undefined;
  const names = seals.map((s) => s.device);
  if (new Set(wrote).size !== wrote.length || !wrote.every((device: unknown) => names.includes(device as string))) return undefined;
  return pieces === wrote.length + (model ? 2 : 0) ? (content as Text) : undefined;
}

/** @file Flags about inputs: `NAME=FILE.npy`, `NAME=random:7`, `NAME=[1,3,640,640]`, `KEY=VALUE`. */
import { readFileSync } from 'node:fs';
import { CuveeError, emptyElements, isFloat, PartialShape, readNpy, sizeOf, Tensor, type Model, type Value } from '@cuvee/core';

/** `NAME=VALUE`; without a name it is for the only input. */
export function pair(text: string, model?: Model): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  const only = model?.inputs.length === 1 ? model.inputs[0]?.anyName : undefined;
  if (only === undefined) throw new CuveeError('ARGUMENT_INVALID', `"${text}" should be NAME=VALUE`);
  return [only, text];
}

/** Dimensions as people type them; `960:1200` is `960..1200`. */
export const parseShape = (text: string): PartialShape => PartialShape.parse(text.replace(/(\d+):(\d+)/g, '$1..$2'));

/** Applies `--shape` flags to a model. `--shape x[1,3,8,8],y[1]` (benchmark_app) is understood, too. */
export function applyShapes(model: Model, flags: readonly string[]): void {
  const pairs = flags.flatMap((flag) => {
    const bracketed = [...flag.matchAll(/([^,=[\]]+)\[([^\]]*)\]/g)];
    if (bracketed.length > 0 && !flag.includes('=')) return bracketed.map((m): [string, string] => [m[1] as string, `[${m[2]}]`]);
    return [pair(flag, model)];
  });
  if (pairs.length > 0) model.reshape(new Map(pairs.map(([name, shape]) => [name, parseShape(shape)])));
}

/** `KEY=VALUE` flags as a configuration. */
export const parseConfig = (flags: readonly string[]): Record<string, string> => Object.fromEntries(flags.map((f) => pair(f)));

/** Tensors for all inputs: those given, and seeded random ones for the rest. Dynamic dimensions without data become 1 or their least. */
export async function loadInputs(model: Model, flags: readonly string[]): Promise<Record<string, Tensor>> {
  const given = new Map(flags.map((f) => pair(f, model)));
  const out: Record<string, Tensor> = {};
  for (const [i, port] of model.inputs.entries()) {
    const names = [port.anyName, ...port.names, port.node.name];
    const text = names.map((n) => given.get(n)).find((t) => t !== undefined) ?? 'random';
    for (const n of names) given.delete(n);
    const random = /^random(?::(\d+))?$/.exec(text);
    out[port.anyName] = random ? randomTensor(port, Number(random[1] ?? i + 1)) : await fileTensor(port, text);
  }
  for (const name of given.keys()) model.input(name);
  return out;
}

function randomTensor(port: Value, seed: number): Tensor {
  const type = port.elementType;
  const shape = port.partialShape.dimensions?.map(([lo]) => Math.max(1, lo)) ?? [];
  const data = emptyElements(type, sizeOf(shape)) as unknown as (number | bigint)[];
  let state = (seed * 2654435761) >>> 0;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const unit = state / 2 ** 32;
    const value = isFloat(type) ? unit : type === 'boolean' ? Math.round(unit) : Math.floor(unit * 10);
    data[i] = type === 'i64' || type === 'u64' ? BigInt(value) : value;
  }
  return Tensor.from(type, shape, data as never);
}

async function fileTensor(port: Value, path: string): Promise<Tensor> {
  if (/\.npy$/i.test(path)) {
    const { type, shape, data } = readNpy(readFile(path), path);
    return new Tensor(type, shape, data);
  }
  if (/\.(png|jpe?g|webp)$/i.test(path)) return imageTensor(port, path);
  const shape = port.partialShape.dimensions?.map(([lo]) => lo) ?? [];
  return new Tensor(port.elementType, shape, new Uint8Array(readFile(path)));
}

function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CuveeError('FILE_NOT_FOUND', `reading "${path}": ${(error as Error).message}`, { cause: error });
  }
}

/** A picture as [1, 3, H, W] in 0..1 (or 0..255 for u8), RGB, resized when the input's size is fixed. Needs the package `sharp`. */
async function imageTensor(port: Value, path: string): Promise<Tensor> {
  type Sharp = (path: string) => {
    removeAlpha(): ReturnType<Sharp>;
    toColourspace(c: string): ReturnType<Sharp>;
    resize(w: number, h: number, o: object): ReturnType<Sharp>;
    raw(): ReturnType<Sharp>;
    toBuffer(o: object): Promise<{ data: Uint8Array; info: { width: number; height: number } }>;
  };
  const name = 'sharp';
  let sharp: Sharp;
  try {
    sharp = ((await import(name)) as { default: Sharp }).default;
  } catch (cause) {
    throw new CuveeError('NOT_IMPLEMENTED', `pictures are read by the package sharp, which is not installed. Type: npm install sharp`, {
      cause,
    });
  }
  const dims = port.partialShape.dimensions;
  if (dims?.length !== 4) throw new CuveeError('SHAPE_MISMATCH', `input "${port.anyName}" ${port.partialShape} takes no picture`);
  const [, , [h, hTop], [w, wTop]] = dims as [[number, number], [number, number], [number, number], [number, number]];
  const fixed = h === hTop && w === wTop;
  const image = sharp(path).removeAlpha().toColourspace('srgb');
  const { data, info } = await (fixed ? image.resize(w, h, { fit: 'fill' }) : image).raw().toBuffer({ resolveWithObject: true });
  const plane = info.width * info.height;
  const scale = isFloat(port.elementType) ? 255 : 1;
  const values = emptyElements(port.elementType, 3 * plane) as Float32Array;
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) values[c * plane + i] = (data[i * 3 + c] as number) / scale;
  return Tensor.from(port.elementType, [1, 3, info.height, info.width], values);
}

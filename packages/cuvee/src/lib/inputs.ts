/** @file Flags about inputs: `NAME=FILE.npy`, `NAME=random:7`, `NAME=[1,3,640,640]`, `KEY=VALUE`. */
import { readFileSync } from 'node:fs';
import {
  builder,
  Core,
  CuveeError,
  emptyElements,
  isFloat,
  Model,
  PartialShape,
  PrePostProcessor,
  readNpy,
  sizeOf,
  Tensor,
  type Value,
} from '../index.js';
import { readImage } from '../read-image.js';

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

/** A picture as [1, 3, H, W] in 0..1 (or 0..255 for u8), RGB, resized when the input's size is fixed. */
async function imageTensor(port: Value, path: string): Promise<Tensor> {
  const dims = port.partialShape.dimensions;
  if (dims?.length !== 4) throw new CuveeError('SHAPE_MISMATCH', `input "${port.anyName}" ${port.partialShape} takes no picture`);
  const photo = await readImage(readFile(path));
  const [, , [h, hTop], [w, wTop]] = dims as [[number, number], [number, number], [number, number], [number, number]];
  const [, height, width] = photo.shape as [number, number, number, number];
  const planes = await resized(photo, h === hTop ? h : height, w === wTop ? w : width);
  const scale = isFloat(port.elementType) ? 255 : 1;
  return Tensor.from(
    port.elementType,
    planes.shape,
    (planes.data as Float32Array).map((v) => v / scale),
  );
}

/** u8 [1, height, width, 3] as f32 [1, 3, h, w], averaged as Pillow does. */
async function resized(photo: Tensor, h: number, w: number): Promise<Tensor> {
  const g = builder();
  const x = g.parameter('f32', [1, 3, h, w], 'x');
  const model = new Model({ name: 'resize', parameters: [x.node], results: [g.result(x, 'y')], scope: g.scope });
  const steps = new PrePostProcessor(model);
  steps
    .input()
    .tensor()
    .setElementType('u8')
    .setLayout('NHWC')
    .setShape([...photo.shape]);
  steps.input().preprocess().convertElementType('f32').resize('RESIZE_BILINEAR_PILLOW');
  steps.input().model().setLayout('NCHW');
  steps.build();
  const compiled = await new Core().compileModel(model, 'AUTO:CPU,REFERENCE');
  const request = compiled.createInferRequest();
  await request.inferAsync([photo]);
  return request.getOutputTensor(0).slice();
}

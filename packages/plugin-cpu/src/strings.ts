/** @file Strings at the border to native code, where a port of strings is three: begins, ends and UTF-8 bytes. */
import { Tensor, type DeviceRequest, type NodeProfile, type PortsText, type RunOptions, type VariableState } from '@cuvee/core';

/** Strings one after the other as bytes: string i is symbols[begins[i]..ends[i]). */
export interface EncodedStrings {
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  readonly symbols: Uint8Array;
}

export function encodeStrings(list: readonly string[]): EncodedStrings {
  const encoder = new TextEncoder();
  const parts = list.map((s) => encoder.encode(s));
  const begins = new Int32Array(list.length);
  const ends = new Int32Array(list.length);
  let at = 0;
  parts.forEach((part, i) => {
    begins[i] = at;
    at += part.length;
    ends[i] = at;
  });
  const symbols = new Uint8Array(at);
  parts.forEach((part, i) => symbols.set(part, begins[i]));
  return { begins, ends, symbols };
}

export function decodeStrings({ begins, ends, symbols }: EncodedStrings): string[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return Array.from(begins, (from, i) => decoder.decode(symbols.subarray(from, ends[i])));
}

/** Whether a model has ports of strings. */
export const hasStringPorts = ({ inputs, outputs }: PortsText): boolean => [...inputs, ...outputs].some(({ type }) => type === 'string');

/** A request of the model with strings over one of the model without. */
export class StringRequest implements DeviceRequest {
  readonly #inner: Required<Pick<DeviceRequest, 'runSync' | 'profile' | 'states'>> & DeviceRequest;
  readonly #ports: PortsText;

  constructor(inner: Required<Pick<DeviceRequest, 'runSync' | 'profile' | 'states'>> & DeviceRequest, ports: PortsText) {
    this.#inner = inner;
    this.#ports = ports;
  }

  get states(): readonly VariableState[] {
    return this.#inner.states;
  }

  async run(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], options: RunOptions): Promise<readonly Tensor[]> {
    return this.#joined(await this.#inner.run(inputs.flatMap(apart), this.#memories(outputs), options), outputs);
  }

  runSync(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    return this.#joined(this.#inner.runSync(inputs.flatMap(apart), this.#memories(outputs)), outputs);
  }

  profile(): readonly NodeProfile[] {
    return this.#inner.profile();
  }

  release(): void {
    this.#inner.release();
  }

  #memories(outputs: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
    return this.#ports.outputs.flatMap(({ type }, i) => (type === 'string' ? [undefined, undefined, undefined] : [outputs[i]]));
  }

  #joined(results: readonly Tensor[], given: readonly (Tensor | undefined)[]): readonly Tensor[] {
    let at = 0;
    return this.#ports.outputs.map(({ type }, i) => {
      const parts = results.slice(at, (at += type === 'string' ? 3 : 1)) as [Tensor, Tensor, Tensor];
      return type === 'string' ? together(parts, given[i]) : parts[0];
    });
  }
}

function apart(tensor: Tensor): readonly Tensor[] {
  if (!Array.isArray(tensor.data)) return [tensor];
  const { begins, ends, symbols } = encodeStrings(tensor.data);
  return [new Tensor('i32', tensor.shape, begins), new Tensor('i32', tensor.shape, ends), new Tensor('u8', [symbols.length], symbols)];
}

/** Strings in the caller's tensor when that has the shape. */
function together([begins, ends, symbols]: readonly [Tensor, Tensor, Tensor], mine: Tensor | undefined): Tensor {
  const texts = decodeStrings({ begins: begins.data as Int32Array, ends: ends.data as Int32Array, symbols: symbols.data as Uint8Array });
  if (!mine || mine.shape.join() !== begins.shape.join()) return new Tensor('string', begins.shape, texts);
  mine.data = texts;
  return mine;
}

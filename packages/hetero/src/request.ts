/** @file One stream of inferences: part after part, values between them in host memory. Several streams overlap: while one is in a later part, the next is in an earlier. */
import {
  began,
  CuveeError,
  type DeviceModel,
  type DeviceRequest,
  type NodeProfile,
  type RunOptions,
  type Tensor,
  type VariableState,
} from '@cuvee/core';

/** Values are numbers: first those of the model's inputs, then the outputs of each part in turn. */
export interface Wiring {
  readonly inputs: number;
  readonly parts: readonly { readonly device: string; readonly inputs: readonly number[]; readonly outputs: readonly number[] }[];
  /** For each result its value, or the tensor that it always is. */
  readonly results: readonly (number | Tensor)[];
}

/** A split model in operation. */
export interface Split {
  readonly name: string;
  readonly wiring: Wiring;
  /** One for each part. */
  readonly models: readonly DeviceModel[];
  /** Rank of LOG_LEVEL. */
  level: number;
}

export class HeteroRequest implements DeviceRequest {
  readonly #split: Split;
  readonly #requests: readonly DeviceRequest[];
  /** For each part: which of its outputs are results of the model. */
  readonly #results: readonly (readonly (number | undefined)[])[];
  readonly states: readonly VariableState[];
  /** Only where every part runs on the calling thread. */
  readonly runSync?: NonNullable<DeviceRequest['runSync']>;

  constructor(split: Split) {
    this.#split = split;
    const { wiring, models } = split;
    this.#requests = models.map((model) => model.createRequest());
    this.#results = wiring.parts.map(({ outputs }) =>
      outputs.map((v) => {
        const at = wiring.results.indexOf(v);
        return at < 0 ? undefined : at;
      }),
    );
    this.states = this.#requests.flatMap((r) => [...(r.states ?? [])]);
    if (this.#requests.every((r) => r.runSync)) this.runSync = (inputs, outputs) => this.#runSync(inputs, outputs);
  }

  async run(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[], options: RunOptions): Promise<readonly Tensor[]> {
    const values: Tensor[] = [...inputs];
    for (let part = 0; part < this.#requests.length; part++) {
      const ended = this.#begin(part);
      try {
        this.#keep(values, part, await (this.#requests[part] as DeviceRequest).run(...this.#given(values, part, outputs), options));
        ended?.();
      } catch (error) {
        ended?.(error);
        throw options.signal?.aborted ? error : this.#failed(part, error);
      }
    }
    return this.#finish(values, outputs);
  }

  #runSync(inputs: readonly Tensor[], outputs: readonly (Tensor | undefined)[]): readonly Tensor[] {
    const values: Tensor[] = [...inputs];
    for (let part = 0; part < this.#requests.length; part++) {
      const ended = this.#begin(part);
      try {
        const request = this.#requests[part] as Required<Pick<DeviceRequest, 'runSync'>>;
        this.#keep(values, part, request.runSync(...this.#given(values, part, outputs)));
        ended?.();
      } catch (error) {
        ended?.(error);
        throw this.#failed(part, error);
      }
    }
    return this.#finish(values, outputs);
  }

  #begin(part: number): ReturnType<typeof began> {
    const { name, level, wiring } = this.#split;
    return began('run', level, () => ({ model: name, device: wiring.parts[part]?.device, details: { part } }));
  }

  /** The same failure, with the part that it happened in. */
  #failed(part: number, error: unknown): Error {
    return CuveeError.wrap(`part ${part} on ${this.#split.wiring.parts[part]?.device}`, error);
  }

  /** A part's inputs, and the caller's tensors for those of its outputs that are results. */
  #given(values: readonly Tensor[], part: number, outputs: readonly (Tensor | undefined)[]): [Tensor[], (Tensor | undefined)[]] {
    const inputs = this.#split.wiring.parts[part]?.inputs ?? [];
    const results = this.#results[part] as readonly (number | undefined)[];
    return [inputs.map((v) => values[v] as Tensor), results.map((at) => (at === undefined ? undefined : outputs[at]))];
  }

  #keep(values: Tensor[], part: number, made: readonly Tensor[]): void {
    this.#split.wiring.parts[part]?.outputs.forEach((v, i) => {
      values[v] = made[i] as Tensor;
    });
  }

  #finish(values: readonly Tensor[], given: readonly (Tensor | undefined)[]): readonly Tensor[] {
    const { results } = this.#split.wiring;
    return results.map((from, i) => {
      const tensor = typeof from === 'number' ? (values[from] as Tensor) : from;
      const mine = given[i];
      if (!mine || mine === tensor || mine.type !== tensor.type || mine.shape.join() !== tensor.shape.join()) {
        // Constants, inputs handed through and what is a result already are copied: callers may write to either end.
        const isOwn = typeof from === 'number' && from >= this.#split.wiring.inputs && results.indexOf(from) === i;
        return isOwn ? tensor : tensor.slice();
      }
      mine.data = tensor.data;
      return mine;
    });
  }

  /** Devices that served the last run, where a part's device chose one. */
  get lastDevices(): readonly string[] | undefined {
    if (this.#requests.every((r) => r.lastDevices === undefined)) return undefined;
    return [...new Set(this.#requests.flatMap((r, i) => r.lastDevices ?? this.#split.models[i]?.info.executionDevices ?? []))];
  }

  /** Of all parts, in order. */
  profile(): readonly NodeProfile[] {
    return this.#requests.flatMap((r, i) => (r.profile?.() ?? []).map((row) => ({ device: this.#split.wiring.parts[i]?.device, ...row })));
  }

  release(): void {
    for (const r of this.#requests) r.release();
  }
}

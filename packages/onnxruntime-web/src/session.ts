/** @file A session: one compiled model, and as many requests as its device keeps busy. */
import { CuveeError, type CompiledModel, type InferRequest, type Value } from '@cuvee/core';
import type { DeclaredPort } from '@cuvee/frontend-onnx';
import type { InferenceSession, InferenceSessionHandler, OnnxValue } from 'onnxruntime-common';
import type { Profile } from './profile.js';
import { copyInto, fromOrt, ortType, toOrt, type OrtTensor } from './tensors.js';

type Named<T> = Readonly<Record<string, T>>;
type Metadata = InferenceSession.ValueMetadata;

/** What a session needs to know beside the compiled model. */
export interface SessionParts {
  readonly compiled: CompiledModel;
  /** Ports as the file declares them; a model of another format has none. */
  readonly declared?: { readonly inputs: readonly DeclaredPort[]; readonly outputs: readonly DeclaredPort[] } | undefined;
  /** Sizes that were set for named dimensions. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly profile?: Profile | undefined;
}

/**
 * Serves `InferenceSession`. Runs go to the device's own threads, so the event loop stays free; parallel runs share
 * `optimalRequests` requests, the others wait their turn.
 */
export class Session implements InferenceSessionHandler {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly Metadata[];
  readonly outputMetadata: readonly Metadata[];
  readonly #compiled: CompiledModel;
  readonly #profile: Profile | undefined;
  readonly #requests: InferRequest[] = [];
  readonly #idle: InferRequest[] = [];
  readonly #waiting: { readonly go: (request: InferRequest) => void; readonly stop: (error: Error) => void }[] = [];
  readonly #limit: number;
  #released = false;

  constructor({ compiled, declared, sizes, profile }: SessionParts) {
    this.#compiled = compiled;
    this.#profile = profile;
    const optimal = Number(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS'));
    this.#limit = Number.isInteger(optimal) && optimal > 0 ? optimal : 1;
    this.inputMetadata = (declared?.inputs ?? compiled.inputs.map(portOf)).map((port, i) => metadata(port, sizes, compiled.inputs[i]));
    this.outputMetadata = (declared?.outputs ?? compiled.outputs.map(portOf)).map((port, i) => metadata(port, sizes, compiled.outputs[i]));
    this.inputNames = this.inputMetadata.map(({ name }) => name);
    this.outputNames = this.outputMetadata.map(({ name }) => name);
  }

  /** Feeds by name (others are ignored); a fetch is null, or a tensor to write into. */
  async run(feeds: Named<OnnxValue>, fetches: Named<OnnxValue | null>, options: InferenceSession.RunOptions): Promise<Named<OnnxValue>> {
    this.#check();
    if (options.terminate) throw new CuveeError('CANCELLED', 'the run was told to terminate');
    const inputs = this.inputNames.map((name) => fromOrt(`input "${name}"`, feeds[name]));
    const request = await this.#take();
    try {
      const began = performance.now();
      const outputs = await request.inferAsync(inputs);
      this.#profile?.add(began, request.profilingInfo());
      return Object.fromEntries(
        Object.entries(fetches).map(([name, given]) => {
          const what = `output "${name}"`;
          const tensor = outputs[name];
          if (!tensor) throw new CuveeError('ARGUMENT_INVALID', `there is no ${what}; there are ${this.outputNames.join(', ')}`);
          if (!given) return [name, toOrt(what, tensor) as unknown as OnnxValue];
          copyInto(what, tensor, given as OrtTensor);
          return [name, given];
        }),
      );
    } finally {
      this.#give(request);
    }
  }

  /** Profiling begins with the session when `enableProfiling` is set; nothing is left to do here. */
  startProfiling(): void {}

  /** Writes the profile's file. */
  endProfiling(): void {
    this.#profile?.write();
  }

  /** Frees the model; runs that are under way are cancelled, waiting ones fail. Safe to call twice. */
  async dispose(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    for (const { stop } of this.#waiting.splice(0)) stop(released());
    for (const request of this.#requests) request.release();
    this.#compiled.release();
    this.#profile?.write();
  }

  #check(): void {
    if (this.#released) throw released();
  }

  async #take(): Promise<InferRequest> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#requests.length >= this.#limit) return new Promise((go, stop) => this.#waiting.push({ go, stop }));
    const request = this.#compiled.createInferRequest();
    this.#requests.push(request);
    return request;
  }

  #give(request: InferRequest): void {
    const next = this.#waiting.shift();
    if (next) next.go(request);
    else this.#idle.push(request);
  }
}

const released = (): CuveeError => new CuveeError('ARGUMENT_INVALID', 'the session was released');

const portOf = ({ anyName, elementType }: Value): DeclaredPort => ({ name: anyName, type: elementType, shape: undefined });

/** As the file declares it; what it leaves out is filled in from what is inferred. */
function metadata({ name, type, shape }: DeclaredPort, sizes: ReadonlyMap<string, number>, value: Value | undefined): Metadata {
  const element = type ?? value?.elementType;
  const known = element && ortType(element);
  if (!known) return { name, isTensor: false };
  const inferred = value?.partialShape.dimensions?.map(([lo, hi]) => (lo === hi ? lo : ''));
  return {
    name,
    isTensor: true,
    type: known as Extract<Metadata, { isTensor: true }>['type'],
    shape: shape?.map((dim) => (typeof dim === 'string' ? (sizes.get(dim) ?? dim) : dim)) ?? inferred ?? [],
  };
}

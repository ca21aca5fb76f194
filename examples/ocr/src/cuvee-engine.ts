import { Core, Tensor } from 'cuvee';
import { modelFile } from './models.js';
import type { CompiledModel, InferRequest, Model } from 'cuvee';
import type { Engine, FloatTensor, Network } from './engine.js';

/** The order in which the networks are loaded. */
const NETWORKS = ['detection', 'classification', 'recognition'] as const satisfies readonly Network[];

/** The three networks compiled by Cuvée. */
export interface CuveeEngine extends Engine {
  /** The devices that ran each network last, or that will. */
  readonly devices: Readonly<Record<Network, readonly string[]>>;
  /** Frees the networks' memory. */
  release(): void;
}

/** How the networks are compiled. */
export interface EngineOptions {
  /** A device string such as `CPU`, `AUTO` or `MULTI:CPU`. */
  readonly device: string;
  /** Properties for the device, as text. */
  readonly config?: Readonly<Record<string, string>>;
  /** Kinds of operations, such as `HardSigmoid`, that HETERO is to run on REFERENCE, all others on CPU. */
  readonly onReference?: readonly string[];
  /** What finds devices and reads models; by default, all that is installed. */
  readonly core?: Core;
  /** Called before each network is compiled. */
  readonly progress?: (network: Network) => void;
}

/** One compiled network and its requests: one is taken when free, else made. */
class Runner {
  readonly #compiled: CompiledModel;
  readonly #idle: InferRequest[] = [];
  devices: readonly string[];

  constructor(compiled: CompiledModel) {
    this.#compiled = compiled;
    this.devices = compiled.executionDevices;
  }

  async run<T>({ data, shape }: FloatTensor, use: (output: FloatTensor) => T): Promise<T> {
    const request = this.#idle.pop() ?? this.#compiled.createInferRequest();
    try {
      const outputs = await request.inferAsync([new Tensor('f32', shape, data)]);
      const output = Object.values(outputs)[0]!;
      this.devices = request.executionDevices;
      return use({ data: output.data as Float32Array, shape: output.shape });
    } finally {
      this.#idle.push(request);
    }
  }

  release(): void {
    for (const request of this.#idle) request.release();
    this.#compiled.release();
  }
}

/** Says for every node of a model which device HETERO gives it to. */
function divide(model: Model, onReference: readonly string[]): void {
  for (const node of model.nodes()) {
    const device = onReference.includes(node.op.name) ? 'REFERENCE' : 'CPU';
    node.rtInfo = { ...node.rtInfo, affinity: { value: device } };
  }
}

/**
 * Reads and compiles the three networks.
 * @throws CuveeError when the device is absent or refuses a network
 */
export async function openEngine({ device, config = {}, onReference, core = new Core(), progress }: EngineOptions): Promise<CuveeEngine> {
  const runners = {} as Record<Network, Runner>;
  for (const network of NETWORKS) {
    progress?.(network);
    const model = await core.readModel(modelFile(network));
    if (onReference) divide(model, onReference);
    runners[network] = new Runner(await core.compileModel(model, device, config));
  }
  return {
    run: (network, input, use) => runners[network].run(input, use),
    get devices() {
      return {
        detection: runners.detection.devices,
        classification: runners.classification.devices,
        recognition: runners.recognition.devices,
      };
    },
    release: () => NETWORKS.forEach((network) => runners[network].release()),
  };
}

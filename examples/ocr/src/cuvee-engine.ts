import { Core, Tensor } from 'cuvee';
import { modelFile } from './models.js';
import type { Engine, FloatTensor, Network } from './engine.js';

/** The order in which the networks are loaded. */
const NETWORKS = ['detection', 'classification', 'recognition'] as const satisfies readonly Network[];

/** The three networks compiled by Cuvée. */
export interface CuveeEngine extends Engine {
  /** The devices that run each network. */
  readonly devices: Readonly<Record<Network, readonly string[]>>;
}

/** How the networks are compiled. */
export interface EngineOptions {
  /** A device string such as `CPU`, `AUTO` or `MULTI:CPU`. */
  readonly device: string;
  /** Properties for the device, as text. */
  readonly config?: Readonly<Record<string, string>>;
  /** Called before each network is compiled. */
  readonly progress?: (network: Network) => void;
}

/** Runs one compiled network; a request is taken when one is free, else made. */
function runner(compiled: ReturnType<Core['compileModelSync']>): (input: FloatTensor) => Promise<FloatTensor> {
  const idle: ReturnType<typeof compiled.createInferRequest>[] = [];
  return async ({ data, shape }) => {
    const request = idle.pop() ?? compiled.createInferRequest();
    try {
      const outputs = await request.inferAsync([new Tensor('f32', [...shape], data)]);
      const output = Object.values(outputs)[0]!;
      return { data: output.data as Float32Array, shape: output.getShape() };
    } finally {
      idle.push(request);
    }
  };
}

/**
 * Reads and compiles the three networks.
 * @throws CuveeError when the device is absent or refuses a network
 */
export async function openEngine({ device, config = {}, progress }: EngineOptions): Promise<CuveeEngine> {
  const core = new Core();
  const run = new Map<Network, (input: FloatTensor) => Promise<FloatTensor>>();
  const devices = {} as Record<Network, readonly string[]>;
  for (const network of NETWORKS) {
    progress?.(network);
    const compiled = await core.compileModel(await core.readModel(modelFile(network)), device, config);
    run.set(network, runner(compiled));
    devices[network] = [compiled.getProperty('EXECUTION_DEVICES')].flat().map(String);
  }
  return { devices, run: (network, input) => run.get(network)!(input) };
}

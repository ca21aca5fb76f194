/** Compiles a model through a cache and says what it computed: `node cache-child.mjs MODEL CACHE_DIR [DEVICE]`. */
import { Core, Tensor } from '../../dist/index.js';

const [model, CACHE_DIR, device = 'CPU'] = process.argv.slice(2);
const core = new Core();
const compiled = core.compileModelSync(model, device, { CACHE_DIR, INFERENCE_NUM_THREADS: 1 });
const [port] = compiled.inputs;
const shape = [1, 3, 64, 64];
const picture = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => ((i * 37) % 101) / 101);
const [out] = Object.values(compiled.createInferRequest().infer({ [port.anyName]: new Tensor('f32', shape, picture) }));
const cached = compiled.getProperty('LOADED_FROM_CACHE');
console.log(JSON.stringify({ cached, sum: out.data.reduce((a, b) => a + b, 0) }));
process.exit(0);

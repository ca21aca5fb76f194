import { defineConfig } from 'vitest/config';
import { fileURLToPath } from 'node:url';

/** Tests run on the sources: `@cuvee/name` and `cuvee` resolve to `packages/name/src/index.ts`. */
const source = (name: string): string => fileURLToPath(new URL(`./packages/${name}/src/index.ts`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      {
        find: /^@cuvee\/(core|frontend-onnx|plugin-reference|plugin-cpu|auto|batch|hetero|multi|conformance|openvino-node)$/,
        replacement: source('$1'),
      },
      {
        find: /^@cuvee\/(onnxruntime-(?:node|web))\/(\w+)$/,
        replacement: fileURLToPath(new URL('./packages/$1/src/$2.ts', import.meta.url)),
      },
      { find: /^@cuvee\/(onnxruntime-(?:node|web))$/, replacement: source('$1') },
      {
        find: /^cuvee-device-mine$/,
        replacement: fileURLToPath(new URL('./examples/third-party-device/src/index.ts', import.meta.url)),
      },
      { find: /^cuvee$/, replacement: source('cuvee') },
      { find: /^cuvee\/openvino-node$/, replacement: fileURLToPath(new URL('./packages/cuvee/src/openvino-node.ts', import.meta.url)) },
    ],
  },
  test: { include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'], testTimeout: 60_000 },
});

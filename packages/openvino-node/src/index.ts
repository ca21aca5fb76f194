/**
 * @file Cuvée in the place of openvino-node: `"overrides": { "openvino-node": "npm:@cuvee/openvino-node@^0.1.0" }` moves an
 * application over. `addon.Core` is `Core` of `@cuvee/core`.
 */
export * from 'cuvee/openvino-node';
export { default } from 'cuvee/openvino-node';

/** @file Meta-device AUTO: the first device that can run the whole model, another while it compiles, the next when it is lost; or all at once. */
import { after, attempt, innerConfig, textOf, type Awaitable, type DevicePlugin, type Node, type Support } from '@cuvee/core';
import { checkConfigured, compile, load } from './compile.js';
import { candidates } from './order.js';
import { properties } from './properties.js';

/** What the device that supports most says; where none supports a node, the reasons of all. */
function best(nodes: readonly Node[], answers: readonly { readonly device: string; readonly support: Support }[]): Support {
  const count = (support: Support): number => nodes.filter((n) => support.get(n) === true).length;
  const [most] = [...answers].sort((a, b) => count(b.support) - count(a.support));
  const reasons = (node: Node): string =>
    answers
      .filter(({ support }) => support.get(node) !== true)
      .map(({ device, support }) => `${device}: ${String(support.get(node) ?? 'no answer')}`)
      .join('; ');
  return new Map(nodes.map((node) => [node, most?.support.get(node) === true ? true : reasons(node)]));
}

/** `new Core({ plugins: [auto(), cpu()] })`. */
export const auto = (): DevicePlugin => ({
  name: 'AUTO',
  version: '0.1.0',
  meta: true,
  properties,
  devices: () => [{ id: '', fullName: 'Automatic device selection', capabilities: ['EXPORT_IMPORT'] }],
  keeps: () => true,
  /** AUTO runs a model whole on one device: it supports what the best of them supports. */
  query: (model, config, { host }) =>
    after(candidates(host, config), (list) => {
      checkConfigured(list, config, host);
      const nodes = model.nodes();
      const answers: { device: string; support: Support }[] = [];
      const ask = (i: number): Awaitable<Support> => {
        const device = list[i]?.device;
        if (device === undefined) return best(nodes, answers);
        const take = (support: Support): Awaitable<Support> => {
          answers.push({ device, support });
          return nodes.every((n) => support.get(n) === true) ? support : ask(i + 1);
        };
        // A device that cannot be asked supports nothing.
        const say = (error: unknown): Awaitable<Support> => take(new Map(nodes.map((n) => [n, textOf(error)])));
        return attempt(() => host.query(model, device, innerConfig(config, device, host)), take, say);
      };
      return ask(0);
    }),
  compile,
  load,
  keptBelow: true,
});

export default auto;

/** @file The page of properties, from the plugins' tables. */
import { Core } from '@cuvee/core';
import auto from '@cuvee/auto';
import batch from '@cuvee/batch';
import cpu from '@cuvee/plugin-cpu';
import hetero from '@cuvee/hetero';
import multi from '@cuvee/multi';
import reference from '@cuvee/plugin-reference';
import { plain, table } from './operations.js';

const access = { RO: 'read', RW: 'read, write', WO: 'write' } as const;

const plugins = [cpu(), reference(), auto(), hetero(), multi(), batch()];
const core = new Core({ plugins, frontends: [] });
type Table = ReturnType<typeof core.propertyTable>;

const rows = (t: Table, keys: readonly string[]): string =>
  table(
    ['property', 'type', 'access', 'default', 'meaning'],
    keys.map((key) => {
      const p = t[key]!;
      const preset = p.default === undefined || p.default === '' ? '' : `\`${JSON.stringify(p.default)}\``;
      return [
        `\`${key}\``,
        p.words ? p.words.map((w) => `\`${w}\``).join(' ') : p.type,
        access[p.mutability],
        preset,
        plain(p.description),
      ];
    }),
  );

/** The table of a device's own properties, for the page that is about it. */
export function propertiesOf(device: string): string {
  const own = plugins.find(({ name }) => name === device);
  if (!own) throw new Error(`no device ${device} to print properties of`);
  return rows(own.properties, Object.keys(own.properties));
}

/** Every device's properties; those that all have stand once, at the top. */
export function properties(): string {
  const tables = plugins.map(({ name }) => [name, core.propertyTable(name)] as const);
  const names = Object.keys(tables[0]![1]).filter((key) =>
    tables.every(([, t]) => JSON.stringify(t[key]) === JSON.stringify(tables[0]![1][key])),
  );
  const own = tables.map(([name, t]) => {
    const keys = Object.keys(t).filter((key) => !names.includes(key));
    return `## ${name}\n\n${keys.length > 0 ? rows(t, keys) : 'None of its own.'}`;
  });
  return `---
editLink: false
aside: false
---

# Properties

Given to \`core.compileModel(model, device, { … })\` or \`core.setProperty(device, { … })\`. An unknown property is an error that names the
nearest known one; values are checked against the types below. \`npx cuvee devices --properties\` prints the same, with the values of
your machine.

## Every device

${rows(tables[0]![1], names)}

${own.join('\n\n')}
`;
}

import { Core } from '../index.js';
import { printJson, table } from '../lib/output.js';

/** `cuvee devices` */
export async function devices(flags: { readonly properties?: boolean; readonly json?: boolean }): Promise<void> {
  const core = new Core();
  const found = await core.devices();
  const properties = (name: string) =>
    Object.entries(core.propertyTable(name)).map(([key, p]) => ({
      name: key,
      type: p.words?.join(' | ') ?? p.type,
      mutability: p.mutability,
      default: p.default ?? null,
      description: p.description,
    }));
  if (flags.json) {
    printJson({ devices: found.map((d) => ({ ...d, ...(flags.properties && !d.absent && { properties: properties(d.name) }) })) });
    return;
  }
  console.log(
    table(
      ['device', 'name', 'plugin', 'capabilities'],
      found.filter((d) => !d.absent).map((d) => [d.name, d.fullName, `${d.plugin} ${d.version}`, d.capabilities.join(' ')]),
    ),
  );
  for (const d of found.filter((x) => x.absent)) console.log(`\n${d.name} is absent: ${d.absent}`);
  if (!flags.properties) return;
  for (const d of found.filter((x) => !x.absent)) {
    console.log(`\n${d.name}`);
    console.log(
      table(
        ['property', 'type', 'access', 'default', ''],
        properties(d.name).map((p) => [p.name, p.type, p.mutability, p.default === null ? '' : JSON.stringify(p.default), p.description]),
      ),
    );
  }
}

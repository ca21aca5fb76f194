import { Core, CuveeError } from '../index.js';
import { cut, printJson, strong, table } from '../lib/output.js';
import { withProgress } from '../lib/progress.js';

const text = (value: unknown): string =>
  value === null || value === '' ? '' : cut(typeof value === 'string' ? value : JSON.stringify(value), 32);

/** The property's present value; null where the device has none before a model is compiled. */
function valueOf(core: Core, device: string, name: string): unknown {
  try {
    return core.getProperty(device, name);
  } catch (error) {
    if (error instanceof CuveeError) return null;
    throw error;
  }
}

/** `cuvee devices` */
export async function devices(flags: { readonly properties?: boolean; readonly json?: boolean }): Promise<void> {
  const core = new Core();
  const found = await withProgress(async (shown) => {
    shown.stage('asking every plugin');
    return await core.devices();
  });
  const properties = (name: string) =>
    Object.entries(core.propertyTable(name)).map(([key, p]) => ({
      name: key,
      type: p.words?.join(' | ') ?? p.type,
      mutability: p.mutability,
      default: p.default ?? null,
      value: valueOf(core, name, key),
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
    console.log(`\n${strong(d.name)}`);
    console.log(
      table(
        ['property', 'type', 'access', 'default', 'value', ''],
        properties(d.name).map((p) => [p.name, p.type, p.mutability, text(p.default), text(p.value), p.description]),
      ),
    );
  }
}

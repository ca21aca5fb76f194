/** @file Properties: the table, and that reading, writing, refusing and precedence follow from it. */
import { checkConfig, type CompiledModel, type Property, type PropertyTable, type PropertyValue } from '@cuvee/core';
import { area, check, equal, fails, must, notOffered } from './check.js';
import { parabola } from './models.js';
import type { Subject } from './subject.js';

const types = ['text', 'int', 'float', 'bool', 'enum', 'texts', 'object', 'callbacks'];
/** Properties by which core itself does something. */
const apart = new Set([
  'DEVICE_ID',
  'CACHE_DIR',
  'CACHE_MODE',
  'CACHE_ENCRYPTION_CALLBACKS',
  'CUVEE_CACHE_LIMIT',
  'CUVEE_CACHE_DAYS',
  'LOG_LEVEL',
  'MULTI_DEVICE_PRIORITIES',
  'DEVICE_PROPERTIES',
]);
const tableOf = ({ host, plugin }: Subject): PropertyTable => host.properties(plugin);
const writable = (table: PropertyTable): [string, Property][] => Object.entries(table).filter(([, p]) => p.mutability !== 'RO');

/** What a property of this type cannot be. */
const misfits = (p: Property): unknown[] =>
  ({
    text: [{}, []],
    int: [0.5, 'many', {}, ...(p.min === undefined ? [] : [p.min - 1]), ...(p.max === undefined ? [] : [p.max + 1])],
    float: ['many', {}, Number.NaN, ...(p.min === undefined ? [] : [p.min - 1]), ...(p.max === undefined ? [] : [p.max + 1])],
    bool: ['PERHAPS', 2, {}],
    enum: ['NO_SUCH_WORD', {}],
    texts: [7, [1]],
    object: ['text', 7],
    callbacks: ['text', 7, {}],
  })[p.type];

/** Another value than `than` that suits, or undefined. */
function another(p: Property, than: unknown): PropertyValue | undefined {
  if (p.type === 'bool') return than !== true;
  if (p.type === 'enum') return p.words?.find((word) => word !== than);
  if (p.type !== 'int' && p.type !== 'float') return undefined;
  return [1, 2, 3].find((n) => n !== Number(than) && n >= (p.min ?? n) && n <= (p.max ?? n));
}

export const properties = area('properties', {
  table: check('Every property with type, mutability and default; listing, checking and help derive from it.', (s) => {
    for (const [name, p] of Object.entries(tableOf(s))) {
      must(/^[A-Z][A-Z0-9_]*$/.test(name), `"${name}" is no name of a property`);
      must(types.includes(p.type), `${name} has type ${p.type}`);
      must(['RO', 'RW', 'WO'].includes(p.mutability), `${name} has mutability ${p.mutability}`);
      must(/\S/.test(p.description), `${name} has no description`);
      must(p.type !== 'enum' || (p.words?.length ?? 0) > 0, `${name} is an enum without words`);
      must((p.min ?? 0) <= (p.max ?? Number.POSITIVE_INFINITY), `${name} has its least value above its greatest`);
      if (p.default === undefined || p.mutability === 'RO') continue;
      equal(checkConfig(s.plugin, { [name]: p }, { [name]: p.default })[name], p.default, `default of ${name}, checked by its own row`);
    }
  }),

  listed: check('Names of all properties of the device', (s) => {
    equal(s.core.getProperty(s.plugin, 'SUPPORTED_PROPERTIES'), Object.keys(tableOf(s)), 'SUPPORTED_PROPERTIES');
  }),

  read: check('A property of a device, or with one argument of no device in particular.', async (s) => {
    const core = await s.bareCore();
    for (const [name, p] of Object.entries(tableOf(s))) {
      const value = core.getProperty(s.plugin, name);
      must(value !== undefined, `${name} reads as undefined`);
      if (p.default !== undefined && !apart.has(name)) equal(value, p.default, `${name}, which nobody set`);
    }
    await fails(() => core.getProperty(s.plugin, 'NO_SUCH_PROPERTY'), 'PROPERTY_UNKNOWN', 'reading a property that there is not');
  }),

  write: check('`RW`: may be set on the plugin or given to compile.', async (s) => {
    const core = await s.bareCore();
    for (const [name, p] of writable(tableOf(s))) {
      const value = another(p, p.default);
      if (value === undefined || apart.has(name)) continue;
      core.setProperty(s.plugin, { [name]: String(value) });
      equal(core.getProperty(s.plugin, name), value, `${name}, set as text`);
    }
    const own = Object.fromEntries(
      writable(tableOf(s)).flatMap(([name, p]) => (p.default === undefined || apart.has(name) ? [] : [[name, p.default]])),
    );
    await s.compile(parabola(), own);
  }),

  unknown: check('Throws PROPERTY_UNKNOWN (with near names) or PROPERTY_INVALID (with what was expected).', async (s) => {
    const given = { NO_SUCH_PROPERTY: 1 };
    await fails(() => s.core.setProperty(s.plugin, given), 'PROPERTY_UNKNOWN', 'setting a property that there is not');
    await fails(() => s.core.compileModel(parabola(), s.device, given), 'PROPERTY_UNKNOWN', 'compiling with a property that there is not');
    await fails(
      () => s.core.explainSupport(parabola(), s.device, given),
      'PROPERTY_UNKNOWN',
      'asking for support with a property that there is not',
    );
    const [[name] = notOffered('properties that can be set')] = writable(tableOf(s)).filter(([key]) => key.length > 6);
    const near = await fails(
      () => s.core.setProperty(s.plugin, { [`${name}S`]: 1 }),
      'PROPERTY_UNKNOWN',
      'setting a property with one letter too many',
    );
    must(near.message.includes(name), `the near name ${name} is not told: ${near.message}`);
  }),

  invalid: check('Throws PROPERTY_UNKNOWN (with near names) or PROPERTY_INVALID (with what was expected).', async (s) => {
    for (const [name, p] of Object.entries(tableOf(s))) {
      if (name === 'DEVICE_ID') continue;
      if (p.mutability === 'RO')
        await fails(
          () => s.core.setProperty(s.plugin, { [name]: p.default ?? 1 }),
          'PROPERTY_INVALID',
          `setting ${name}, which is read-only`,
        );
      else
        for (const value of misfits(p)) {
          const what = `${name} = ${JSON.stringify(value)}`;
          await fails(() => s.core.setProperty(s.plugin, { [name]: value }), ['PROPERTY_INVALID', 'ARGUMENT_INVALID'], `setting ${what}`);
        }
    }
  }),

  precedence: check('Properties as they are in force, for `CompiledModel.getProperty`.', async (s) => {
    const core = await s.bareCore();
    const read = async (name: string, config = {}): Promise<PropertyValue> => {
      const compiled = s.hold(await core.compileModel(parabola(), s.device, config));
      return compiled.getProperty(name);
    };
    const shown = (s.hold(await core.compileModel(parabola(), s.device)).getProperty('SUPPORTED_PROPERTIES') as string[]) ?? [];
    const told = writable(tableOf(s)).filter(
      ([name, p]) => shown.includes(name) && !apart.has(name) && p.type !== 'float' && another(p, p.default) !== undefined,
    );
    if (told.length === 0) notOffered('properties of a compiled model that can be set');
    for (const [name, p] of told.slice(0, 3)) {
      // what is in force may be less than what was asked for: what counts is that both ways of asking come to the same
      const [set, given] = [another(p, await read(name)), another(p, another(p, await read(name)))] as [PropertyValue, PropertyValue];
      const [whenSet, whenGiven] = [await read(name, { [name]: set }), await read(name, { [name]: given })];
      core.setProperty(s.plugin, { [name]: set });
      equal(await read(name), whenSet, `${name} in force, set on the device to ${String(set)}`);
      equal(
        await read(name, { [name]: given }),
        whenGiven,
        `${name} in force, set on the device and given to compileModel as ${String(given)}`,
      );
    }
  }),

  live: check(
    ['Takes new values of the properties that the table calls `live`, checked.', 'It may also be changed on a compiled model.'],
    async (s) => {
      const compiled = await s.compile(parabola());
      for (const [name, p] of writable(tableOf(s))) {
        const value = p.default ?? another(p, undefined);
        if (value === undefined) continue;
        if (!p.live)
          await fails(
            () => compiled.setProperty({ [name]: value }),
            'PROPERTY_INVALID',
            `setting ${name} of a compiled model, which is not live`,
          );
        else {
          compiled.setProperty({ [name]: value });
          equal(compiled.getProperty(name), value, `${name} of the compiled model, set`);
          for (const wrong of misfits(p))
            await fails(
              () => compiled.setProperty({ [name]: wrong }),
              ['PROPERTY_INVALID', 'ARGUMENT_INVALID'],
              `setting ${name} = ${JSON.stringify(wrong)}`,
            );
        }
      }
      await fails(
        () => compiled.setProperty({ NO_SUCH_PROPERTY: 1 }),
        'PROPERTY_UNKNOWN',
        'setting an unknown property of a compiled model',
      );
    },
  ),

  compiled: check(
    ['Requests that keep the device busy.', "Where inference happens, `['CPU']`; meta-devices name the inner ones."],
    async (s) => {
      const compiled: CompiledModel = await s.compile(parabola());
      for (const name of compiled.getProperty('SUPPORTED_PROPERTIES') as string[])
        must(compiled.getProperty(name) !== undefined, `${name} reads as undefined`);
      const requests = compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS') as number;
      must(Number.isInteger(requests) && requests >= 1, `${requests} requests keep it busy`);
      must(compiled.executionDevices.length > 0, 'inference happens nowhere');
      for (const device of compiled.executionDevices)
        must(!s.host.properties(device.replace(/^\(|\)$/g, '')).MULTI_DEVICE_PRIORITIES, `inference happens on ${device}, a meta-device`);
      equal(compiled.getProperty('NETWORK_NAME'), 'parabola', 'NETWORK_NAME');
      await fails(() => compiled.getProperty('NO_SUCH_PROPERTY'), 'PROPERTY_UNKNOWN', 'reading an unknown property of a compiled model');
    },
  ),
});

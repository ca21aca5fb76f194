/** @file Which devices there are, and what they cost. */
import { parseDevice } from '@cuvee/core';
import { area, check, equal, fails, must, notOffered } from './check.js';
import { anyVector } from './subject.js';
import { isParabola, parabola } from './models.js';

export const devices = area('devices', {
  named: check('Names are `[A-Z][A-Z0-9_]*`.', ({ core, device }) => {
    for (const [name, version] of Object.entries(core.getVersions(device))) {
      must(/^[A-Z][A-Z0-9_]*$/.test(name), `"${name}" is no device name`);
      must(/\S/.test(version.buildNumber), `device ${name} tells no version`);
    }
  }),

  reported: check(
    ['A device that cannot be used here, with the reason and what would mend it.', 'Absent ones say why.', 'What people read.'],
    async ({ core, plugin }) => {
      const own = (await core.devices()).filter((d) => d.plugin === plugin);
      must(own.length > 0, `plugin ${plugin} reports no device, present or absent`);
      equal(new Set(own.map((d) => d.name)).size, own.length, 'names of devices, each once');
      for (const { name, absent, fullName, capabilities } of own) {
        must(absent === undefined || /\S/.test(absent), `${name} is absent and does not say why`);
        must(absent !== undefined || /\S/.test(fullName), `${name} has no full name`);
        must(
          capabilities.every((word) => /^[A-Z][A-Z0-9_]*$/.test(word)),
          `capabilities of ${name} are no words: ${capabilities.join()}`,
        );
      }
    },
  ),

  addressed: check("`id` is '' for a plugin's only device; several are addressed as `NAME.id`.", async (s) => {
    const own = (await s.core.devices()).filter((d) => d.plugin === s.plugin && d.absent === undefined);
    for (const { name } of own) {
      const parsed = parseDevice(name);
      must(parsed.name === s.plugin && (own.length > 1 || parsed.id === ''), `the only device is called ${name}`);
      if (s.host.properties(s.plugin).MULTI_DEVICE_PRIORITIES) continue; // a meta-device needs its list
      const request = s.hold(await s.core.compileModel(parabola(), name)).createInferRequest();
      isParabola((await request.inferAsync({ x: anyVector })).y, anyVector, `inference on ${name}`);
      request.release();
    }
    const [, rest = ''] = /^[A-Z0-9_]+(?:\.\w+)*(.*)$/.exec(s.device) ?? [];
    await fails(
      () => s.core.compileModel(parabola(), `${s.plugin}.nosuchid${rest}`),
      'DEVICE_NOT_FOUND',
      'compiling for an id that is not there',
    );
  }),

  listed: check(
    'Names of all devices that are present, most capable first as AUTO would order them; meta-devices not among them.',
    async ({ host, core }) => {
      const names = await host.availableDevices();
      equal(new Set(names).size, names.length, 'names of devices, each once');
      const reports = await core.devices();
      for (const name of names) {
        must(
          reports.some((d) => d.name === name && d.absent === undefined),
          `${name} is listed, and not reported as present`,
        );
        must(!host.properties(name).MULTI_DEVICE_PRIORITIES, `${name} is a meta-device`);
      }
    },
  ),

  described: check(
    [
      'The device as it stands here; one that is absent says why.',
      'Every property that the device knows.',
      'Throws DEVICE_NOT_FOUND when no plugin provides it.',
    ],
    async ({ host, device, plugin }) => {
      const { name, plugin: from, absent } = await host.describe(device);
      equal({ from, absent }, { from: plugin, absent: undefined }, `what the host says of ${name}`);
      must(Object.keys(host.properties(device)).length > 0, 'the device has no properties, not even the common ones');
      await fails(() => host.describe('NO_SUCH_DEVICE'), 'DEVICE_NOT_FOUND', 'describing a device that no plugin provides');
      await fails(() => host.properties('NO_SUCH_DEVICE'), 'DEVICE_NOT_FOUND', 'properties of a device that no plugin provides');
    },
  ),

  costs: check(
    [
      'Transfer and compute estimates for meta-devices.',
      'Host to device and back, bytes per second; Infinity when memory is shared.',
      'Fixed cost of starting one inference, seconds.',
      'Sustained f32 operations per second.',
    ],
    async ({ host, device }) => {
      const costs = (await host.costs(device)) ?? notOffered('costs');
      for (const key of ['transferBytesPerSecond', 'flopsPerSecond'] as const) must(costs[key] > 0, `${key} is ${costs[key]}`);
      must(costs.launchSeconds >= 0 && costs.launchSeconds < 60, `launchSeconds is ${costs.launchSeconds}`);
    },
  ),

  load: check('Share of the last second, 0 to 1, in which this process had an inference running on the device.', async (s) => {
    const request = await s.request(parabola());
    await request.inferAsync({ x: anyVector });
    for (const device of request.executionDevices) {
      const load = s.host.load(device);
      must(load >= 0 && load <= 1, `load of ${device} is ${load}`);
    }
  }),
});

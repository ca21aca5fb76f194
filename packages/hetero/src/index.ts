/**
 * @file Meta-device HETERO: splits one model over devices. Each node goes where its `affinity` says, else to the first device of the
 * list that runs it, unless handing values over would cost more than that device saves.
 */
import {
  bareDevice,
  after,
  checkInner,
  CuveeError,
  listedDevices,
  printDevice,
  sharedHints,
  type Config,
  type DevicePlugin,
} from '@cuvee/core';
import { compile } from './compile.js';
import { load } from './load.js';
import { ask, supportOf } from './place.js';

/** Device texts of the list. Throws ARGUMENT_INVALID. */
function listOf(config: Config): readonly string[] {
  const list = listedDevices('HETERO', config);
  const wrong = list.find((d) => d.excluded || d.count !== undefined);
  if (wrong || list.length === 0)
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `HETERO needs a list of devices, the most wanted first, HETERO:NPU,CPU${wrong ? `; ${printDevice(wrong, true)} has a ${wrong.excluded ? 'minus' : 'number'}` : ''}`,
    );
  return [...new Set(list.map(bareDevice))];
}

/** `new Core({ plugins: [hetero(), cpu(), reference()] })`. */
export const hetero = (): DevicePlugin => ({
  name: 'HETERO',
  version: '0.1.0',
  meta: true,
  properties: {
    ...sharedHints,
    HETERO_NUMBER_OF_SUBMODELS: { type: 'int', mutability: 'RO', description: 'Parts that a compiled model was cut into' },
  },
  devices: () => [{ id: '', fullName: 'One model over several devices', capabilities: ['EXPORT_IMPORT'] }],
  keeps: () => true,
  query(model, config, options) {
    const devices = listOf(config);
    checkInner('HETERO', config, devices, options.host);
    return after(ask(model, devices, config, options), (answered) => supportOf(model, answered));
  },
  compile(model, config, options) {
    const devices = listOf(config);
    checkInner('HETERO', config, devices, options.host);
    return compile(model, devices, config, options);
  },
  load(blob, config, options) {
    const devices = listOf(config);
    checkInner('HETERO', config, devices, options.host);
    return load(blob, devices, config, options);
  },
});

export default hetero;

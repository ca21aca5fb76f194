import { describe, expect, it } from 'vitest';
import { Core, parseDevice, printDevice, type DeviceName, type ErrorCode } from '@cuvee/core';
import { failure } from '../failure.js';
import { Random } from '../shape/random.js';
import { addOne, fake } from './fake.js';

/** A device of any shape that the grammar has, at most so many lists deep. */
function anyDevice(random: Random, depth: number, inner = false): DeviceName {
  const word = (alphabet: string, least: number): string =>
    Array.from({ length: least + random.int(0, 3) }, () => alphabet[random.int(0, alphabet.length - 1)]).join('');
  const name = word('ABXYZ', 1) + word('AZ09_', 0);
  const id = random.int(0, 3) === 0 ? Array.from({ length: random.int(1, 3) }, () => word('09azAZ_', 1)).join('.') : '';
  if (inner && random.int(0, 5) === 0) return { name, id, excluded: true };
  const list =
    depth > 0 && random.int(0, 1) === 0 ? Array.from({ length: random.int(1, 4) }, () => anyDevice(random, depth - 1, true)) : undefined;
  const count = random.int(0, 3) === 0 ? random.int(1, 65535) : undefined;
  return { name, id, ...(list && { list }), ...(count && { count }) };
}

describe('the text of a device', () => {
  it('prints and parses to the same, 5000 devices of every shape', () => {
    for (let seed = 0; seed < 5000; seed++) {
      const device = anyDevice(new Random(seed), seed % 5);
      const text = printDevice(device);
      expect(parseDevice(text), `seed ${seed}: ${text}`).toEqual(device);
      expect(printDevice(parseDevice(text))).toBe(text);
    }
  });

  it('says exactly where a character is wrong, wherever it stands', () => {
    for (let seed = 0; seed < 1000; seed++) {
      const random = new Random(seed);
      const text = printDevice(anyDevice(random, seed % 5));
      const at = random.int(0, text.length);
      const wrong = `${text.slice(0, at)}!${text.slice(at)}`;
      const error = failure(() => parseDevice(wrong));
      expect(error.code).toBe('ARGUMENT_INVALID');
      expect(error.message, wrong).toMatch(new RegExp(` at position ${at + 1}$`));
    }
  });

  it('tells of each device with its position', () => {
    const seen: string[] = [];
    parseDevice('AUTO:-GPU,HETERO(MINE.1,CPU)(4)', ({ name }, position) => seen.push(`${name} ${position}`));
    expect(seen).toEqual(['GPU 7', 'MINE 18', 'CPU 25', 'HETERO 11', 'AUTO 1']);
  });

  it.each([
    [
      'AUTO:GPU,HETERO(NPU,CPU)',
      {
        name: 'AUTO',
        id: '',
        list: [
          { name: 'GPU', id: '' },
          {
            name: 'HETERO',
            id: '',
            list: [
              { name: 'NPU', id: '' },
              { name: 'CPU', id: '' },
            ],
          },
        ],
      },
    ],
    [
      'MULTI:CPU(4),GPU(2)',
      {
        name: 'MULTI',
        id: '',
        list: [
          { name: 'CPU', id: '', count: 4 },
          { name: 'GPU', id: '', count: 2 },
        ],
      },
    ],
    [
      'BATCH:HETERO(NPU,CPU)(16)',
      {
        name: 'BATCH',
        id: '',
        list: [
          {
            name: 'HETERO',
            id: '',
            list: [
              { name: 'NPU', id: '' },
              { name: 'CPU', id: '' },
            ],
            count: 16,
          },
        ],
      },
    ],
    ['AUTO:-CPU', { name: 'AUTO', id: '', list: [{ name: 'CPU', id: '', excluded: true }] }],
    [
      'HETERO:MINE.1,CPU',
      {
        name: 'HETERO',
        id: '',
        list: [
          { name: 'MINE', id: '1' },
          { name: 'CPU', id: '' },
        ],
      },
    ],
  ])('%s', (text, device) => {
    expect(parseDevice(text)).toEqual(device);
    expect(printDevice(device)).toBe(text);
  });

  it('has one form for each device: lists that are written otherwise print as it', () => {
    expect(printDevice(parseDevice('AUTO(GPU,HETERO:NPU,CPU)'))).toBe('AUTO:GPU,HETERO(NPU,CPU)');
    expect(printDevice(parseDevice('MULTI:CPU(04)'))).toBe('MULTI:CPU(4)');
  });

  it.each([
    ['', 1, 'a device name'],
    ['4CPU', 1, 'a device name'],
    ['AUTO:gpu,CPU', 6, 'did you mean GPU?'],
    ['AUTO:GPU, CPU', 10, 'no spaces'],
    ['AUTO:GPU,,CPU', 10, 'a device name'],
    ['AUTO:GPU,', 10, 'a device name'],
    ['AUTO()', 6, 'a device name'],
    ['GPU.', 5, 'an id'],
    ['GPU.0.', 7, 'an id'],
    ['MULTI:CPU(0)', 11, 'a number from 1 to 65535'],
    ['MULTI:CPU(99999999999999999999)', 11, 'a number from 1 to 65535'],
    ['MULTI:CPU(4', 12, '")" is expected'],
    ['AUTO:HETERO(NPU,CPU', 20, '")" is expected'],
    ['AUTO:CPU)', 9, '")" is too much'],
    ['AUTO:CPU(4)(4)', 12, '"(4)" is too much'],
    ['AUTO:-CPU(4)', 10, 'takes no list and no number'],
    ['AUTO:--CPU', 7, 'a device name'],
    ['-CPU', 1, 'a device name'],
    ['GPU,CPU', 4, '",CPU" is too much'],
  ])('%s is wrong at position %d', (text, position, part) => {
    const { code, message } = failure(() => parseDevice(text));
    expect(code).toBe('ARGUMENT_INVALID');
    expect(message).toContain(part);
    expect(message).toContain(` at position ${position}`);
  });
});

describe('the devices of a text', () => {
  const core = (): Core =>
    new Core({
      plugins: [
        fake('GPU', {
          devices: () => [
            { id: '0', absent: 'its second fan is off' },
            { id: '1', fullName: 'second' },
          ],
        }),
        fake('GONE', { devices: () => [{ id: '', absent: 'no driver' }] }),
        fake('LATER', { devices: async () => [{ id: '', absent: 'still no driver' }] }),
        fake('CPU'),
        fake('AUTO', { meta: true }),
        fake('HETERO', { meta: true }),
      ],
    });
  const cases: readonly (readonly [text: string, code: ErrorCode, ...parts: string[]])[] = [
    ['AUTO:GPU,CPUU', 'DEVICE_NOT_FOUND', 'position 10: no plugin provides device CPUU', 'did you mean CPU'],
    ['AUTO:HETREO(CPU),CPU', 'DEVICE_NOT_FOUND', 'position 6: no plugin provides device HETREO', 'did you mean HETERO'],
    ['AUTO:CPU.1', 'DEVICE_NOT_FOUND', 'position 6: CPU has no device with id "1"; its only one is called CPU'],
    ['AUTO:CPU(04),CPV', 'DEVICE_NOT_FOUND', 'device "AUTO:CPU(04),CPV", position 14', 'did you mean CPU'],
    ['AUTO:HETERO(CPU,NOPE),CPU', 'DEVICE_NOT_FOUND', 'position 17: no plugin provides device NOPE', 'there are GPU, '],
    ['AUTO:-NOPE,CPU', 'DEVICE_NOT_FOUND', 'position 7'],
    ['AUTO:CPU,GONE', 'DEVICE_NOT_FOUND', 'position 10: GONE is not present: no driver'],
    ['HETERO:GPU.0,CPU', 'DEVICE_NOT_FOUND', 'position 8: GPU.0 is not present: its second fan is off'],
    ['HETERO:GPU.7,CPU', 'DEVICE_NOT_FOUND', 'position 8: GPU has no device with id "7"; it has GPU.0, GPU.1'],
    ['AUTO:CPU(CPU)', 'ARGUMENT_INVALID', 'position 6: CPU takes no list'],
    ['AUTO:AUTO', 'ARGUMENT_INVALID', 'position 6: AUTO cannot hold itself (AUTO in AUTO'],
    ['AUTO:HETERO(AUTO(CPU),CPU)', 'ARGUMENT_INVALID', 'position 13: AUTO cannot hold itself (AUTO in HETERO in AUTO'],
    ['CPU(4)', 'ARGUMENT_INVALID', 'a number belongs to a device in a list, MULTI:CPU(4)'],
  ];
  it.each(cases)('%s is refused', (text, code, ...parts) => {
    const work = [
      () => core().compileModelSync(addOne(), text),
      () => core().queryModel(addOne(), text),
      () => core().importModelSync(new Uint8Array(1), text),
    ];
    for (const error of work.map(failure)) {
      expect(error.code).toBe(code);
      for (const part of parts) expect(error.message).toContain(part);
    }
  });
  it('is refused, too, when the device answers later', async () => {
    await expect(core().compileModel(addOne(), 'AUTO:CPU,LATER')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  });
  it.each(['AUTO:GPU,CPU', 'HETERO:GPU.1,CPU', 'AUTO:-GONE,CPU', 'AUTO:HETERO(GPU,CPU),CPU'])('%s is fine', (text) => {
    expect(core().compileModelSync(addOne(), text).device).toBe(text);
  });
  it('lists given as a property are read alike, and must not contradict the name', () => {
    expect(failure(() => core().compileModelSync(addOne(), 'AUTO', { MULTI_DEVICE_PRIORITIES: 'CPU,NOPE' })).message).toContain(
      'position 10',
    );
    expect(failure(() => core().compileModelSync(addOne(), 'AUTO:CPU', { MULTI_DEVICE_PRIORITIES: 'GPU' })).code).toBe('ARGUMENT_INVALID');
    expect(failure(() => core().compileModelSync(addOne(), 'GPU.1', { DEVICE_ID: '0' })).code).toBe('ARGUMENT_INVALID');
    expect(core().compileModelSync(addOne(), 'AUTO:CPU', { MULTI_DEVICE_PRIORITIES: 'CPU' }).device).toBe('AUTO:CPU');
    expect(failure(() => core().compileModelSync(addOne(), 'GPU', { DEVICE_ID: '7' })).message).toContain('GPU has no device with id "7"');
    expect(core().compileModelSync(addOne(), 'GPU', { DEVICE_ID: '1' }).device).toBe('GPU');
    expect(failure(() => core().compileModelSync(addOne(), 'AUTO:CPU', { DEVICE_ID: '1' })).message).toContain('AUTO has no DEVICE_ID');
  });
  it('that go in circles by their properties are refused', () => {
    const through = (name: string): ReturnType<typeof fake> =>
      fake(name, { meta: true, compile: (model, config, { host }) => host.compile(model, String(config.MULTI_DEVICE_PRIORITIES), {}) });
    const circle = new Core({ plugins: [through('ONE'), through('TWO')] });
    circle.setProperty('ONE', { MULTI_DEVICE_PRIORITIES: 'TWO' });
    circle.setProperty('TWO', { MULTI_DEVICE_PRIORITIES: 'ONE' });
    expect(failure(() => circle.compileModelSync(addOne(), 'ONE')).message).toContain('ONE cannot hold itself (ONE in TWO in ONE');
  });
  it('tell their versions at any depth', () => {
    expect(Object.keys(core().getVersions('AUTO:HETERO(GPU,CPU)'))).toEqual(['AUTO', 'HETERO', 'GPU', 'CPU']);
  });
});

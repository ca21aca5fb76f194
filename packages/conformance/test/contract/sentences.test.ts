/** Every sentence of the contract is proven by a check, or named here with where it is proven instead; and every check quotes one. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checks } from '../../src/contract/index.js';

const file = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const plain = (text: string): string =>
  text
    .replace(/^\s*\*\s?/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
const comments = (text: string): string[] => [...text.matchAll(/\/\*\*([\s\S]*?)\*\//g)].map(([, comment]) => plain(comment as string));

/** Names of things: they promise nothing. */
const definitions = new Set([
  '@file THE CONTRACT: all that a device plugin implements, and all that core promises to it.',
  'A value now, or a promise of it.',
  'One device that a plugin found.',
  '`FP32`, `INT8`, `EXPORT_IMPORT` …',
  'What core tells a plugin beside the configuration.',
  'The rest of the toolkit, for devices that compile on other devices.',
  'What core offers to meta-devices: other devices, by the same rules as users reach them.',
  "What the device's plugin says of transfer and compute costs.",
  'A device that is there, or that says why it is not.',
  '`CPU`, `GPU.1`.',
  'A device plugin.',
  'Rough figures, for choosing between devices.',
  'Fixed cost of each node, seconds.',
  'Default: 0.',
  'Default: 1.',
  'Default: somebody does.',
  'Default: SHA-256.',
  'SHA-256.',
  'Default: they are read.',
  'Default: read.',
  'Default: unknown.',
  'A model compiled for a device.',
  'Kernel, as the device names it.',
  'Where it ran; told by meta-devices.',
  'True: this device wants the node whole.',
  'Boxes from top to bottom, and wires between them: who got what, and what is handed from one to the next.',
  'Boxes of one group have one colour: a device, mostly.',
  'More, for those who ask: names of nodes.',
  'What a drawing shows, where the device has something to draw.',
]);
/** Sentences that no suite can prove of a device that it does not know, with the tests that do so for ours. */
const elsewhere: Readonly<Record<string, string>> = {
  'Required: name, version, properties, devices, query, compile.': 'the compiler of TypeScript',
  'Importing a plugin never throws: a missing driver is an AbsentDevice.': 'packages/core/test/runtime/core.test.ts',
  'Else the caller wants its answer at once.': 'support/atOnce, which compiles without a pace',
  'A number: nobody waits, and inferences may run meanwhile; after so many milliseconds it leaves the processor to them.':
    'packages/core/test/runtime/steps.test.ts',
  'A digest of bytes one after the other, of 128 bits at least and such that nobody finds two with one digest: names of cache entries.':
    'packages/auto/test/known.test.ts and packages/plugin-cpu/test/cache.test.ts',
  'Begins the same digest beside the caller, who leaves the bytes alone until the function that comes back, called once, gives it.':
    'packages/plugin-cpu/test/cache.test.ts',
  'The same of the bytes of a file, where that is quicker than reading them; undefined when they do not come.':
    'packages/auto/test/known.test.ts',
  'The bytes of a file in CACHE_DIR for `load`, which may stay where the system keeps them; undefined: to be read.':
    'packages/plugin-cpu/test/cache.test.ts',
  'Files there are replaced, never written again.': 'packages/cuvee/test/robust, with several writers of one cache',
  'Default: they arrive as nodes with a `domain`.': 'examples/custom-operation/test',
  'A meta-device takes the part of the device text after its name (`GPU,CPU`); it arrives as MULTI_DEVICE_PRIORITIES.':
    'packages/core/test/runtime/device-name.test.ts',
  'Rows of a batch that bring the device much more than rows alone, for a model whose inputs have one row; 1: none do.':
    'packages/batch/test/implicit.test.ts',
  'The one device whose requests a meta-device hands out as its own: core counts its load by them.': 'packages/auto/test',
  'Reject with DEVICE_LOST when the device is gone: that code alone makes AUTO try elsewhere.': 'packages/auto/test, with MINE',
};

it('every sentence of the contract is proven', () => {
  const sentences = comments(file('packages/core/src/device/contract.ts')).flatMap((comment) => comment.split(/(?<=[.;:])\s+(?=[A-Z`])/));
  expect(sentences.length).toBeGreaterThan(60);
  const said = checks.flatMap((check) => check.says);
  const open = sentences.filter(
    (s) => !definitions.has(s) && !(s in elsewhere) && !said.some((text) => text.includes(s) || s.includes(text)),
  );
  expect(open).toEqual([]);
});

it('every check quotes the contract, the guide, or a doc comment of core', () => {
  const core = [
    'device/contract',
    'device/properties',
    'runtime/core',
    'runtime/compiled-model',
    'runtime/infer-request',
    'runtime/ports',
    'tensor/tensor',
    'errors',
  ];
  const texts = [
    plain(file('docs/write-a-plugin.md').replace(/^- /gm, '')),
    ...core.flatMap((name) => comments(file(`packages/core/src/${name}.ts`))),
  ].join('\n');
  const whole = `${texts}\n${core.map((name) => file(`packages/core/src/${name}.ts`)).join('\n')}`.replace(/’/g, "'");
  const strange = checks.flatMap((check) =>
    check.says.filter((text) => !whole.includes(text.replace(/’/g, "'"))).map((text) => `${check.id}: ${text}`),
  );
  expect(strange).toEqual([]);
});

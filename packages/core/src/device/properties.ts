/** @file Properties as one table: listing, reading, checking and help derive from it. */
import { CuveeError } from '../errors.js';

export type PropertyValue =
  | string
  | number
  | boolean
  | readonly PropertyValue[]
  | { readonly [key: string]: PropertyValue }
  | ((bytes: Uint8Array) => Uint8Array);
/** Checked configuration: every value has its declared type. */
export type Config = Readonly<Record<string, PropertyValue>>;

export type PropertyType = 'text' | 'int' | 'float' | 'bool' | 'enum' | 'texts' | 'object' | 'callbacks';

/** One property. */
export interface Property {
  readonly type: PropertyType;
  /** `RO`: told by the device. `RW`: may be set on the plugin or given to compile. `WO`: set only. */
  readonly mutability: 'RO' | 'RW' | 'WO';
  readonly description: string;
  readonly default?: PropertyValue;
  readonly words?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** It may also be changed on a compiled model. */
  readonly live?: boolean;
}
export type PropertyTable = Readonly<Record<string, Property>>;

/** Properties that core itself serves for every device. */
export const commonProperties: PropertyTable = {
  SUPPORTED_PROPERTIES: { type: 'texts', mutability: 'RO', description: 'Names of all properties of the device' },
  AVAILABLE_DEVICES: { type: 'texts', mutability: 'RO', description: 'Ids of the devices of this plugin that are present' },
  FULL_DEVICE_NAME: { type: 'text', mutability: 'RO', description: 'What the hardware calls itself' },
  OPTIMIZATION_CAPABILITIES: { type: 'texts', mutability: 'RO', description: 'FP32, INT8, EXPORT_IMPORT and the like' },
  DEVICE_ID: { type: 'text', mutability: 'RW', description: 'Which of several devices; empty for the first', default: '' },
};

/** Properties that core itself serves, for all devices or for one: they are set on a `Core` as well as given to `compileModel`. */
export const globalProperties: PropertyTable = {
  CACHE_DIR: {
    type: 'text',
    mutability: 'RW',
    description: 'Folder in which compiled models are kept from one process to the next; empty: none',
    default: '',
  },
  CACHE_MODE: {
    type: 'enum',
    mutability: 'RW',
    description: "What cached and exported models hold: all that starts them fast, or no weights that lie in the model's own files",
    words: ['OPTIMIZE_SPEED', 'OPTIMIZE_SIZE'],
    default: 'OPTIMIZE_SPEED',
  },
  CACHE_ENCRYPTION_CALLBACKS: {
    type: 'callbacks',
    words: ['encrypt', 'decrypt'],
    mutability: 'WO',
    description: 'What cached models go through on their way to the disk and back: { encrypt, decrypt }, from bytes to bytes',
  },
  CUVEE_CACHE_LIMIT: {
    type: 'int',
    mutability: 'RW',
    min: 0,
    description: 'Bytes that the folder of CACHE_DIR may hold: beyond it those longest unused go; 0: any number',
    default: 0,
  },
  CUVEE_CACHE_DAYS: {
    type: 'int',
    mutability: 'RW',
    min: 0,
    description: 'Days after which a compiled model that nobody used goes from CACHE_DIR; 0: never',
    default: 0,
  },
  ALLOW_AUTO_BATCHING: {
    type: 'bool',
    mutability: 'RW',
    description:
      'With PERFORMANCE_HINT THROUGHPUT, run concurrent inferences as rows of one batch where BATCH is installed, it pays and is safe',
    default: true,
  },
  LOG_LEVEL: {
    type: 'enum',
    mutability: 'RW',
    live: true,
    description: 'How much is written to stderr of what happens; the environment variable CUVEE_LOG can only raise it',
    words: ['LOG_NONE', 'LOG_ERROR', 'LOG_WARNING', 'LOG_INFO', 'LOG_DEBUG', 'LOG_TRACE'],
    default: 'LOG_NONE',
  },
};

/** `YES`, `NO`, `true` and `false` in any case. */
function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toUpperCase() : '';
  return word === 'YES' || word === 'TRUE' ? true : word === 'NO' || word === 'FALSE' ? false : undefined;
}

function convert(property: Property, value: unknown): PropertyValue | undefined {
  switch (property.type) {
    case 'text':
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
    case 'bool':
      return toBoolean(value);
    case 'enum':
      return property.words?.find((w) => w === String(value).toUpperCase());
    case 'int':
    case 'float': {
      const n = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
      const fits = Number.isFinite(n) && (property.type === 'float' || Number.isInteger(n));
      return fits && n >= (property.min ?? Number.NEGATIVE_INFINITY) && n <= (property.max ?? Number.POSITIVE_INFINITY) ? n : undefined;
    }
    case 'texts':
      return Array.isArray(value) && value.every((v) => typeof v === 'string')
        ? (value as string[])
        : typeof value === 'string'
          ? value.split(',').filter(Boolean)
          : undefined;
    case 'callbacks': {
      const given = value as Record<string, unknown> | null;
      return typeof given === 'object' && property.words?.every((word) => typeof given?.[word] === 'function')
        ? (given as PropertyValue)
        : undefined;
    }
    case 'object': {
      const given = typeof value === 'string' ? fromJson(value) : value;
      return typeof given === 'object' && given !== null ? (given as PropertyValue) : undefined;
    }
  }
}

/** What a command line says of an object. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const expected = (p: Property): string =>
  p.type === 'enum'
    ? `one of ${p.words?.join(', ')}`
    : p.type === 'callbacks'
      ? `an object of functions: ${p.words?.join(', ')}`
      : `${p.type}${p.min === undefined ? '' : ` of at least ${p.min}`}${p.max === undefined ? '' : ` and at most ${p.max}`}`;

/**
 * Checks what a user gave against a table: strings become the declared type.
 * Throws PROPERTY_UNKNOWN (with near names) or PROPERTY_INVALID (with what was expected).
 */
export function checkConfig(device: string, table: PropertyTable, given: Readonly<Record<string, unknown>>): Config {
  const out: Record<string, PropertyValue> = {};
  for (const [name, value] of Object.entries(given)) {
    const property = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!property)
      throw new CuveeError('PROPERTY_UNKNOWN', `device ${device} has no property "${name}"${nearest(name, Object.keys(table))}`);
    if (property.mutability === 'RO') throw new CuveeError('PROPERTY_INVALID', `property "${name}" of ${device} is read-only`);
    const converted = convert(property, value);
    if (converted === undefined)
      throw new CuveeError(
        'PROPERTY_INVALID',
        `property "${name}" of ${device} must be ${expected(property)}, got ${JSON.stringify(value) ?? String(value)}`,
      );
    out[name] = converted;
  }
  return out;
}

/** `; did you mean …?` for the candidates within a third of the name's length, or nothing. */
export function nearest(name: string, candidates: readonly string[]): string {
  const ranked = candidates.map((c) => [distance(name.toUpperCase(), c.toUpperCase()), c] as const).sort((a, b) => a[0] - b[0]);
  const best = ranked
    .filter(([d]) => d <= Math.max(1, Math.floor(name.length / 3)))
    .slice(0, 3)
    .map(([, c]) => c);
  return best.length > 0 ? `; did you mean ${best.join(' or ')}?` : '';
}

/** Letters that differ; two that changed places count as one. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j] as number, (before[j - 2] as number) + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length] as number;
}

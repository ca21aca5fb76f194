/**
 * @file What happens to a wrong call: the class of error, and its text, that programs written for openvino-node look for.
 * Arguments are checked before any work starts, so methods that return promises throw these at once.
 */
import { CuveeError } from './errors.js';

/** A method was called with arguments that it does not take: an `ARGUMENT_INVALID` whose message has no code in front. */
export function wrongCall(message: string): CuveeError {
  return new CuveeError('ARGUMENT_INVALID', message, { plain: true });
}

/** `(object, string)`: the arguments as `typeof` names them. */
const provided = (given: readonly unknown[]): string => `(${given.map((a) => (a === null ? 'null' : typeof a)).join(', ')})`;

/** The error of a method, or a `Name constructor`: what it was given, and each list of parameters that it takes. `why` goes between. */
export function wrongSignature(method: string, given: readonly unknown[], allowed: readonly string[], why = ''): CuveeError {
  const list = allowed.map((signature) => `\n- (${signature})`).join('');
  return wrongCall(
    `${method.replace(/^\S+/, "'$&'")} method called with incorrect parameters.\n${why && `${why}\n`}Provided signature: ${provided(given)} \nAllowed signatures:${list}\n`,
  );
}

/** The same for methods whose lists of parameters are written with their names, `(algorithm: string, height?: number)`. */
export const wrongArguments = (method: string, given: readonly unknown[], allowed: readonly string[], why = ''): CuveeError =>
  wrongSignature(
    method,
    given,
    allowed.map((list) => list.replace(/^\((.*)\)$/, '$1')),
    why,
  );

/** Throws when anything was given. */
export function expectNothing(method: string, given: readonly unknown[]): void {
  if (given.length > 0) throw wrongArguments(method, given, ['()'], 'Function does not take any parameters.');
}

/** Throws unless one of the counts of arguments was given. */
export function expectCount(method: string, given: readonly unknown[], counts: readonly number[], allowed: readonly string[]): void {
  if (!counts.includes(given.length)) throw wrongArguments(method, given, allowed, 'Wrong number of parameters.');
}

/** How Node prints objects of a class: on one line, in words. */
export function printedAs<T extends object>(Class: { readonly prototype: T }, text: (object: T) => string): void {
  Object.defineProperty(Class.prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: T): string {
      return text(this);
    },
    configurable: true,
    writable: true,
  });
}

type Method = (this: unknown, ...given: unknown[]) => unknown;

/** Makes methods of a class refuse arguments. The texts are `name() does not accept any arguments.` unless given. */
export function noArguments<T extends object>(
  Class: { readonly prototype: T },
  methods: readonly (keyof T & string)[],
  text: (name: string) => string = (name) => `${name}() does not accept any arguments.`,
): void {
  for (const name of methods) {
    const method = Class.prototype[name] as Method;
    const checked = {
      [name](this: unknown, ...given: unknown[]): unknown {
        if (given.length > 0) throw wrongCall(text(name));
        return method.call(this);
      },
    }[name] as Method;
    Object.defineProperty(Class.prototype, name, { value: checked, configurable: true, writable: true });
  }
}

const objects = /^(DEVICE_PROPERTIES(_.+)?|device\.properties|DEVICES_UTILIZATION_THRESHOLD|CACHE_ENCRYPTION_CALLBACKS)$/;

/** Values that a property may be given: a text, a number, a truth value, or a list of such; objects only for the properties that hold them. */
export function checkSettings(settings: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(settings)) {
    const plain = ['string', 'number', 'boolean', 'bigint', 'undefined'].includes(typeof value) || Array.isArray(value);
    const nested = typeof value === 'object' && value !== null && objects.test(name);
    if (!plain && !nested)
      throw wrongCall(
        `Cannot convert to ov::Any: property "${name}" takes a text, a number or a truth value, got ${value === null ? 'null' : typeof value}`,
      );
  }
}

export const isText = (value: unknown): value is string => typeof value === 'string';
/** An object that is no array, buffer or function: what a configuration may be. */
export const isSettings = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

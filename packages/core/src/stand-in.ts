/** @file Stand-ins for what a script exports later: see `start.ts`, which bundles this. */

/** What a bundle exports. */
export type Exports = Record<string, unknown>;

/**
 * A stand-in for an export of a script's second part, which starts when the stand-in is first used. It does what the export does and has its
 * properties, but it is another object: scripts of the house have the export itself.
 */
export function standIn(all: Exports, name: string, kind: 'function' | 'object' | 'Map'): unknown {
  let made = standIns.get(all);
  if (!made) standIns.set(all, (made = new Map()));
  let one = made.get(name);
  if (!one) made.set(name, (one = new Proxy<object>(kind === 'function' ? bound : plain, new StandIn(all, name, kind === 'Map'))));
  return one;
}
/** One for each export, whichever module passes it on. */
const standIns = new WeakMap<Exports, Map<string, unknown>>();

const whole = Symbol('the export itself');
/** Targets of all stand-ins. A bound function has no `prototype` of its own, which a proxy would have to show. */
const bound = function () {}.bind(undefined);
const plain = {};
for (const target of [bound, plain])
  Object.defineProperty(target, Symbol.for('nodejs.util.inspect.custom'), {
    configurable: true,
    value(this: { [whole]: unknown }) {
      return this[whole]; // Node asks the target, and prints what the stand-in stands for
    },
  });

class StandIn implements ProxyHandler<object> {
  readonly #all: Exports;
  readonly #name: string;
  readonly #isMap: boolean;
  constructor(all: Exports, name: string, isMap: boolean) {
    this.#all = all;
    this.#name = name;
    this.#isMap = isMap;
  }
  get #value(): object {
    return this.#all[this.#name] as object;
  }
  get(_: object, key: string | symbol): unknown {
    const value = this.#value;
    if (key === whole) return value;
    const found: unknown = Reflect.get(value, key);
    return this.#isMap && typeof found === 'function' ? (found as () => void).bind(value) : found;
  }
  apply(_: object, self: unknown, given: unknown[]): unknown {
    return Reflect.apply(this.#value as () => void, self, given);
  }
  construct(_: object, given: unknown[], made: () => void): object {
    return Reflect.construct(this.#value as () => void, given, made) as object;
  }
  has(_: object, key: string | symbol): boolean {
    return Reflect.has(this.#value, key);
  }
  set(_: object, key: string | symbol, value: unknown): boolean {
    return Reflect.set(this.#value, key, value);
  }
  deleteProperty(_: object, key: string | symbol): boolean {
    return Reflect.deleteProperty(this.#value, key);
  }
  getPrototypeOf(): object | null {
    return Reflect.getPrototypeOf(this.#value);
  }
  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.#value);
  }
  getOwnPropertyDescriptor(_: object, key: string | symbol): PropertyDescriptor | undefined {
    const found = Reflect.getOwnPropertyDescriptor(this.#value, key);
    return found && { ...found, configurable: true }; // the target has none that stays
  }
  defineProperty(_: object, key: string | symbol, as: PropertyDescriptor): boolean {
    return Reflect.defineProperty(this.#value, key, as);
  }
}

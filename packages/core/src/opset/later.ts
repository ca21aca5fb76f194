/** @file A table whose values are made when they are first asked for: what `scripts/bundle.mjs` makes of the rooms in a script for Node. */

/** A map from names to what `make` gives for them, each made once. */
export class LaterMap<V> extends Map<string, V> {
  readonly #make: Readonly<Record<string, () => V>>;

  constructor(make: Readonly<Record<string, () => V>>) {
    super();
    this.#make = make;
    for (const name of Object.keys(make)) super.set(name, undefined as V);
  }

  override get(name: string): V | undefined {
    let value = super.get(name);
    if (value === undefined && super.has(name)) {
      value = (this.#make[name] as () => V)();
      super.set(name, value);
    }
    return value;
  }

  override *values(): MapIterator<V> {
    for (const name of this.keys()) yield this.get(name) as V;
  }

  override *entries(): MapIterator<[string, V]> {
    for (const name of this.keys()) yield [name, this.get(name) as V];
  }

  override [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  override forEach(visit: (value: V, name: string, map: Map<string, V>) => void): void {
    for (const [name, value] of this.entries()) visit(value, name, this);
  }
}

/** @file What a pattern has bound so far: a list that can be cut back when an alternative fails. */

/** Things by name; the last one set under a name counts. */
export class Bindings<T> {
  readonly #names: string[] = [];
  readonly #things: T[] = [];

  get size(): number {
    return this.#names.length;
  }

  get(name: string): T | undefined {
    return this.#things[this.#names.lastIndexOf(name)];
  }

  set(name: string, thing: T): void {
    this.#names.push(name);
    this.#things.push(thing);
  }

  /** Forgets everything beyond the first `size` bindings. */
  cut(size: number): void {
    if (this.#names.length === size) return;
    this.#names.length = size;
    this.#things.length = size;
  }

  /** Everything bound, oldest first. */
  values(): readonly T[] {
    return this.#things;
  }
}

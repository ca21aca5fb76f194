/** @file What a pattern has bound so far: a list that can be cut back when an alternative fails. */

/** Things by name; the last one set under a name counts. */
export class Bindings<T> {
  // The lists only grow; beyond `size` they hold what was cut.
  readonly #names: string[] = [];
  readonly #things: T[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(name: string): T | undefined {
    for (let i = this.#size - 1; i >= 0; i--) if (this.#names[i] === name) return this.#things[i];
    return undefined;
  }

  set(name: string, thing: T): void {
    this.#names[this.#size] = name;
    this.#things[this.#size++] = thing;
  }

  /** Forgets everything beyond the first `size` bindings. */
  cut(size: number): void {
    this.#size = size;
  }

  /** What was bound as the `i`-th of them all. */
  at(i: number): T {
    return this.#things[i] as T;
  }
}

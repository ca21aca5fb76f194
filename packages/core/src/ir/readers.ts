/** @file Who reads a value: a set that has no table of its own while there is only one, as most values have. */
import type { Node } from './node.js';

/** Nodes in the order in which they came, each once. */
export class Readers implements Iterable<Node> {
  /** The only one; undefined where there is none or `#all` has them. */
  #one: Node | undefined;
  #all: Set<Node> | undefined;

  get size(): number {
    if (this.#all !== undefined) return this.#all.size;
    return this.#one === undefined ? 0 : 1;
  }

  has(node: Node): boolean {
    return this.#all === undefined ? this.#one === node : this.#all.has(node);
  }

  add(node: Node): void {
    if (this.#all !== undefined) this.#all.add(node);
    else if (this.#one === undefined) this.#one = node;
    else if (this.#one !== node) {
      this.#all = new Set<Node>().add(this.#one).add(node);
      this.#one = undefined;
    }
  }

  /** Whether it was there. */
  delete(node: Node): boolean {
    if (this.#all !== undefined) return this.#all.delete(node);
    if (this.#one !== node) return false;
    this.#one = undefined;
    return true;
  }

  clear(): void {
    this.#one = undefined;
    this.#all = undefined;
  }

  /** Those that are there when their turn comes, as a `Set` has it. */
  forEach(visit: (node: Node) => void): void {
    if (this.#all !== undefined) this.#all.forEach(visit);
    else if (this.#one !== undefined) visit(this.#one);
  }

  [Symbol.iterator](): IterableIterator<Node> {
    return this.#all?.values() ?? (this.#one === undefined ? [] : [this.#one]).values();
  }
}

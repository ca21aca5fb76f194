/** Names of one graph: what they stand for, and how a body sees those of the graphs around it. */
import { CuveeError } from '@cuvee/core';
import type { Operand } from './node.js';

/** The names visible in one graph. */
export class Scope {
  readonly #own = new Map<string, Operand | (() => Operand)>();
  readonly #outer: Scope | undefined;
  readonly #captured: ((operand: Operand, name: string) => Operand) | undefined;

  /** `captured` turns a value of the graph around into one of this graph; absent when both are the same graph. */
  constructor(outer?: Scope, captured?: (operand: Operand, name: string) => Operand) {
    this.#outer = outer;
    this.#captured = captured;
  }

  /** Binds a name, once. A function is called when the name is first used. Throws MODEL_INVALID for a second binding. */
  define(name: string, operand: Operand | (() => Operand), what: string): void {
    if (this.#own.has(name)) throw new CuveeError('MODEL_INVALID', `${what} "${name}" is defined twice`);
    this.#own.set(name, operand);
  }

  /** Whether this graph itself binds the name. */
  owns(name: string): boolean {
    return this.#own.has(name);
  }

  /** What a name stands for; undefined when no graph binds it. */
  find(name: string): Operand | undefined {
    const own = this.#own.get(name);
    if (own === undefined) {
      const outer = this.#outer?.find(name);
      if (outer === undefined || !this.#captured) return outer;
      const inner = this.#captured(outer, name);
      this.#own.set(name, inner);
      return inner;
    }
    if (typeof own !== 'function') return own;
    const made = own();
    this.#own.set(name, made);
    return made;
  }

  /** Whether the name is bound here or around. */
  knows(name: string): boolean {
    return this.#own.has(name) || (this.#outer?.knows(name) ?? false);
  }
}

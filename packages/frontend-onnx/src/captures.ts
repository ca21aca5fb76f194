/** What a body that becomes a model of its own reads of the graph around it. */
import { partialShapeOf, type Builder, type Value } from '@cuvee/core';
import { remade, tensorsOf, type Operand } from './node.js';

/** Values of the outer graph inside a body: constants where they are known, parameters otherwise, one for each. */
export class Captures {
  /** Outer values with the parameters that stand for them, in order. */
  readonly parameters = new Map<Value, Value>();
  readonly #g: Builder;
  readonly #name: (value: Value) => string;

  /** `name` gives what stands for a value its friendly name. */
  constructor(g: Builder, name: (value: Value) => string) {
    this.#g = g;
    this.#name = name;
  }

  /** The operand in the body. */
  inside(operand: Operand): Operand {
    const inner = tensorsOf(operand).map((value) => this.#inside(value));
    let at = 0;
    return remade(operand, () => inner[at++] as Value);
  }

  #inside(value: Value): Value {
    const { fact } = value;
    if (fact.value) return this.#g.constant(fact.value, this.#name(value));
    const known = this.parameters.get(value);
    if (known) return known;
    const parameter = this.#g.parameter(fact.type, partialShapeOf(fact).toString(), this.#name(value));
    this.parameters.set(value, parameter);
    return parameter;
  }
}

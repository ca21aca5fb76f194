/** Inputs and outputs of the model's own graph: parameters and results, for a sequence or an optional one for each tensor that it holds. */
import { CuveeError, Value, type Builder, type Node } from '@cuvee/core';
import type { OnnxOptions } from './index.js';
import { Optional, Sequence, type Operand } from './node.js';
import type { GraphProto, TypeProto } from './proto/index.js';
import { elementTypeOf, tensorTypeOf } from './types.js';

/** Makes parameters and keeps them in order. */
export class Ports {
  readonly parameters: Node[] = [];
  readonly #g: Builder;
  readonly #told: NonNullable<OnnxOptions['inputs']>;
  readonly #unique: (name: string) => string;

  /** `told` has the lengths of sequences and which optionals are absent; `unique` makes friendly names. */
  constructor(g: Builder, told: OnnxOptions['inputs'], unique: (name: string) => string) {
    this.#g = g;
    this.#told = told ?? {};
    this.#unique = unique;
  }

  /** The operand of an input. Throws MODEL_UNSUPPORTED for a sequence whose length nobody told. */
  input(name: string, type: TypeProto | undefined): Operand {
    return this.#made(name, type, this.#told[name]);
  }

  #made(name: string, type: TypeProto | undefined, told: number | 'absent' | undefined): Operand {
    if (type?.optionalType) return new Optional(told === 'absent' ? undefined : this.#made(name, type.optionalType.elemType, told));
    if (type?.sequenceType) {
      if (typeof told !== 'number')
        throw new CuveeError(
          'MODEL_UNSUPPORTED',
          `input "${name}" is a sequence; read with onnx({ inputs: { "${name}": n } }) for n items`,
        );
      return new Sequence(Array.from({ length: told }, (_, i) => this.input(`${name}[${i}]`, type.sequenceType?.elemType)));
    }
    const { type: element, shape } = tensorTypeOf(type, `input "${name}"`);
    const value = this.#g.parameter(element, shape, this.#unique(name));
    value.names = [name];
    this.parameters.push(value.node);
    return value;
  }
}

/** The results of a graph. Throws MODEL_INVALID where it has none, lists one twice, or declares another type. */
export function resultsOf(g: Builder, { output }: GraphProto, find: (name: string) => Operand): readonly Node[] {
  if (output.length === 0) throw new CuveeError('MODEL_INVALID', 'the graph has no outputs');
  const listed = new Set<string>();
  return output.flatMap(({ name = '', type }) => {
    if (listed.has(name)) throw new CuveeError('MODEL_INVALID', `output "${name}" is listed twice`);
    listed.add(name);
    const operand = find(name);
    if (operand instanceof Value) checkType(name, operand, type?.tensorType?.elemType);
    return results(g, name, operand);
  });
}

function checkType(name: string, { fact }: Value, declared: number | undefined): void {
  if (!declared || fact.type === 'dynamic') return;
  const type = elementTypeOf(declared, `output "${name}"`);
  if (type !== fact.type) throw new CuveeError('MODEL_INVALID', `output "${name}" is declared as ${type}, but it is ${fact.type}`);
}

/** A result for each tensor of a sequence or an optional: `name[0]`, `name[1]`, …; an optional's content has its name. */
function results(g: Builder, name: string, operand: Operand): readonly Node[] {
  if (operand instanceof Optional) return operand.content ? results(g, name, operand.content) : [];
  if (operand instanceof Sequence) return operand.items.flatMap((item, i) => results(g, `${name}[${i}]`, item));
  if (!(operand instanceof Value))
    throw new CuveeError('MODEL_UNSUPPORTED', `output "${name}" is a sequence whose length only the run tells`);
  const result = g.result(operand, name);
  result.output.names = [name];
  return [result];
}

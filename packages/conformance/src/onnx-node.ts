/** @file Cases of ONNX's backend node tests: tensors, sequences and optionals, each stored as what the model's ports say. */
import type { Literal } from '@cuvee/core';
import {
  readModelProto,
  readOptionalProto,
  readSequenceProto,
  readTensorProto,
  tensorLiteral,
  type OnnxOptions,
  type OptionalProto,
  type SequenceProto,
  type TensorProto,
  type TypeProto,
} from '@cuvee/frontend-onnx';
import type { DataSet, Expected, LoadedCase } from './case.js';
import type { CaseFiles } from './source.js';

/** The tensors of a stored value, named as the reader names them, and what the reader has to be told. */
interface Stored {
  readonly tensors: readonly { readonly name: string; readonly value: Literal }[];
  readonly told: Readonly<Record<string, number | 'absent'>>;
}

const one = (tensor: TensorProto, name: string): Stored => ({ tensors: [{ name, value: tensorLiteral(tensor, name) }], told: {} });

const several = (parts: readonly Stored[], told: Stored['told'] = {}): Stored => ({
  tensors: parts.flatMap((p) => p.tensors),
  told: Object.assign({}, told, ...parts.map((p) => p.told)) as Stored['told'],
});

function sequence(proto: SequenceProto, name: string): Stored {
  const items = [
    ...proto.tensorValues.map((tensor, i) => one(tensor, `${name}[${i}]`)),
    ...proto.sequenceValues.map((inner, i) => sequence(inner, `${name}[${i}]`)),
    ...proto.optionalValues.map((inner, i) => optional(inner, `${name}[${i}]`)),
  ];
  return several(items, { [name]: items.length });
}

function optional(proto: OptionalProto, name: string): Stored {
  if (proto.tensorValue) return one(proto.tensorValue, name);
  if (proto.sequenceValue) return sequence(proto.sequenceValue, name);
  return { tensors: [], told: { [name]: 'absent' } };
}

function stored(bytes: Uint8Array, type: TypeProto | undefined, name: string): Stored {
  if (type?.optionalType) return optional(readOptionalProto(bytes, name), name);
  if (type?.sequenceType) return sequence(readSequenceProto(bytes, name), name);
  return one(readTensorProto(bytes, name), name);
}

export function loadNode(files: CaseFiles, { rtol, atol }: { readonly rtol: number; readonly atol: number }): LoadedCase {
  const sets = [...new Set(files.names.filter((n) => n.startsWith('test_data_set_')).map((n) => n.split('/')[0] as string))].sort();
  const model = files.read('model.onnx');
  const { graph } = readModelProto(model);
  let inputs: NonNullable<OnnxOptions['inputs']> = {};
  const read = (set: string, kind: 'input' | 'output'): Stored['tensors'] => {
    const count = files.names.filter((n) => n.startsWith(`${set}/${kind}_`)).length;
    const values = Array.from({ length: count }, (_, i) => {
      const port = graph?.[kind][i];
      return stored(files.read(`${set}/${kind}_${i}.pb`), port?.type, port?.name ?? '');
    });
    if (kind === 'input') inputs = several(values).told;
    return several(values).tensors;
  };
  const data = sets.map(
    (set): DataSet => ({
      inputs: read(set, 'input'),
      outputs: read(set, 'output').map(({ value }): Expected => ({ value, tolerance: { kind: 'close', rtol, atol }, scale: 1 })),
    }),
  );
  return {
    models: [{ label: 'model.onnx', model, ...(Object.keys(inputs).length > 0 && { onnx: { inputs } }) }],
    stateful: false,
    sets: data,
  };
}

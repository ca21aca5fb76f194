/** @file Rough figures of a model: operations, parameters, floating-point operations. */
import { shape, sizeOf, staticShape, type Dim, type Model } from '@cuvee/core';

export interface Figures {
  readonly histogram: readonly (readonly [op: string, count: number])[];
  readonly parameters: number;
  readonly bytes: number;
  /** Undefined where a dimension is dynamic. */
  readonly flops: number | undefined;
  readonly dynamic: readonly string[];
}

export function figures(model: Model): Figures {
  const counts = new Map<string, number>();
  let parameters = 0;
  let bytes = 0;
  let flops: Dim = 0;
  for (const node of model.nodes()) {
    counts.set(node.op.name, (counts.get(node.op.name) ?? 0) + 1);
    const literal = node.op.name === 'Constant' ? node.output.fact.value : undefined;
    if (literal) {
      parameters += literal.size;
      bytes += literal.byteLength;
      continue;
    }
    const inputs = node.inputs.flatMap((v) => (v ? [v.fact] : []));
    const outputs = node.outputs.map((v) => v.fact);
    const own =
      node.op.traits.flops?.(inputs, outputs, node.attributes) ??
      (node.op.traits.elementwise && outputs[0]?.shape ? sizeOf(staticShape(outputs[0].shape) ?? [0]) : 0);
    flops = shape.add(flops, own);
  }
  const dynamic = model.inputs.filter((v) => v.partialShape.isDynamic()).map((v) => `${v.anyName} ${v.partialShape}`);
  return {
    histogram: [...counts].sort((a, b) => b[1] - a[1]),
    parameters,
    bytes,
    flops: dynamic.length === 0 && typeof flops === 'number' ? flops : undefined,
    dynamic,
  };
}

/** @file Where OpenVINO's own shape inference claims too much, so that our right answer looks looser than its. */
import { numbersOf, type Model, type Node } from '@cuvee/core';

interface Fault {
  readonly why: string;
  readonly in: (node: Node) => boolean;
}

const faults: readonly Fault[] = [
  {
    why: 'Slice from a negative start to a positive stop on an open axis: the lower bound is that of the shortest axis, but a longer one leaves nothing (x[-1:100] of 200 elements)',
    in: ({ op, inputs }) => {
      const ends = [inputs[1], inputs[2]].map((v) => v?.fact.value && numbersOf(v.fact.value.nd()));
      return op.name === 'Slice' && (ends[0]?.some((start, i) => start < 0 && (ends[1]?.[i] ?? -1) > 0) ?? false);
    },
  },
  {
    why: 'ReorgYolo divides the bounds of height and width as if they were multiples of the stride; the operation rounds down',
    in: ({ op }) => op.name === 'ReorgYolo',
  },
];

/** Why OpenVINO's shapes of this model may be wrong. */
export const faultOf = (model: Model): string | undefined => faults.find((f) => model.nodes().some((node) => f.in(node)))?.why;

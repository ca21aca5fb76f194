/** @file Where OpenVINO's own shape inference claims too much, so that our right answer looks looser than its. */
import { numbersOf, type Model, type Node } from '@cuvee/core';

interface Fault {
  readonly why: string;
  readonly in: (node: Node) => boolean;
}

const faults: readonly Fault[] = [
  {
    why: 'Slice whose ends count from different ends of an open axis, walking away as it grows: the lower bound is that of the shortest axis, but a longer one leaves nothing (x[-1:100] of 200 elements)',
    in: ({ op, inputs }) => {
      const [starts = [], stops = [], steps = []] = [1, 2, 3].map((i) => {
        const value = inputs[i]?.fact.value;
        return value && numbersOf(value.nd());
      });
      const away = (start: number, stop: number, step: number): boolean => (step > 0 ? start < 0 && stop >= 0 : start >= 0 && stop < 0);
      return op.name === 'Slice' && starts.some((start, i) => away(start, stops[i] ?? 0, steps[i] ?? 1));
    },
  },
  {
    why: 'ReorgYolo divides the bounds of height and width as if they were multiples of the stride; the operation rounds down',
    in: ({ op }) => op.name === 'ReorgYolo',
  },
  {
    why: 'Reshape of no elements to a pattern with 0 and -1: any size fits; we keep what the other dimensions leave, OpenVINO one of its own',
    in: ({ op, inputs }) => op.name === 'Reshape' && (inputs[0]?.fact.shape ?? []).includes(0),
  },
];

/** Why OpenVINO's shapes of this model may be wrong. */
export const faultOf = (model: Model): string | undefined => faults.find((f) => model.nodes().some((node) => f.in(node)))?.why;

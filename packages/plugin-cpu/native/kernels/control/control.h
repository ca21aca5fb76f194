// Steps that run other plans: loops and branches. Their arguments are integers.
//
// if      inputs: condition (one element, true when not zero), then inputs of the first plan, then inputs of the second.
//         args: number of inputs of the first plan. plans: then, else. Both have as many outputs as the step.
//
// loop    inputs: trip count (one element i32 or i64; negative: no limit) or -1, condition (one element) or -1, then data inputs.
//         plans: the body. Without a trip count the shortest sliced input says how many turns there are; without either the
//         body's condition ends the loop. The loop makes no turn when the condition input is false.
//         args: number of body inputs P, body output that says whether to go on (-1: none), then
//           for each body input 7 numbers: kind, data input, back edge, axis, start, end, stride
//             kind 0 invariant: the data input, every turn
//             kind 1 merged:    the data input first, afterwards body output `back edge` of the turn before
//             kind 2 sliced:    turn k gets |stride| entries of the data input along `axis`; see below
//             kind 3 iteration: the number of the turn (i32 or i64, one element)
//           for each output of the step 4 numbers: kind, body output, axis, stride
//             kind 0 last:         the body output of the last turn; without a turn the initial value of the merged input that
//                                  has it as its back edge
//             kind 1 concatenated: all turns' body outputs along `axis`, in reverse where stride is negative
//         Slices: start and end are inclusive and count from the back where negative (so 0, -1 is all, -1, 0 all in reverse);
//         turn k begins at start + k * stride, or ends there where stride is negative. TensorIterator is a loop without trip
//         count and condition.
//         Shapes may change from turn to turn except across the axis of a concatenation.
//
// copy    one input, one output of the same bytes.
//
// Outputs may be `dynamic` or of known shape; then what comes must have that shape.
#pragma once

#include "runtime/step.h"

namespace cuvee {

// Sets output i of the step to a value that lies elsewhere: allocates where its size was open, then copies.
Status give_output(StepContext& context, int i, const TensorView& value);

// The one element of a condition or count.
Status scalar(const TensorView& tensor, const char* what, int64_t& value);

}  // namespace cuvee

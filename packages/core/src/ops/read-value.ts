import { PartialShape, type Shape } from '../shape/index.js';
import type { Infer } from '../ir/infer.js';
import { partialShapeOf } from '../ir/fact.js';
import { zeros } from '../tensor/nd.js';
import { elementType, shape, text } from './attributes.js';
import { any, current, op, optional, port } from './op.js';

/** A state's declared shape: each open dimension a symbol of the variable. */
function stateShape(ctx: Infer, variable: string, declared: string): Shape {
  return PartialShape.parse(declared).dimensions?.map(([lo, hi], axis) =>
    lo === hi ? lo : ctx.scope.symbol({ kind: 'state', variable, axis }, [lo, hi], `${variable}.${axis}`),
  );
}

/**
 * The value of a variable from before this run. While it has none it is the initial value, computed anew in that run; without one, zeros,
 * open dimensions being 0.
 *
 * ReadValue-3 always has an initial value and declares neither type nor shape.
 * Spec: OpenVINO ReadValue-6.
 */
export const ReadValue = op('ReadValue', {
  attributes: { variable_id: text(), variable_type: elementType('dynamic'), variable_shape: shape() },
  inputs: [optional('init_value', any)],
  outputs: [port('output', any)],
  since: {
    opset3: {
      attributes: { variable_id: text() },
      rebuild: (g, [init], { variable_id }) => {
        const fact = init?.fact;
        return [
          g.readValue(init, {
            variable_id: variable_id as string,
            variable_type: fact?.type ?? 'dynamic',
            variable_shape: fact ? partialShapeOf(fact).toString() : '...',
          }),
        ];
      },
    },
    opset6: current,
  },

  infer({ init_value }, { variable_id, variable_type, variable_shape }, ctx) {
    const type = variable_type === 'dynamic' ? (init_value?.type ?? 'dynamic') : variable_type;
    if (init_value && init_value.type !== 'dynamic' && init_value.type !== type)
      ctx.typeMismatch(`the variable "${variable_id}" is ${type}, its initial value ${init_value.type}`);
    const shape = stateShape(ctx, variable_id, variable_shape);
    if (shape && init_value?.shape && shape.length !== init_value.shape.length)
      ctx.fail(`the variable "${variable_id}" has rank ${shape.length}, its initial value ${init_value.shape.length}`);
    return { type, shape };
  },

  evaluate({ init_value }, { variable_id, variable_shape }, ctx) {
    const sizes = PartialShape.parse(variable_shape).dimensions ?? [];
    return (
      ctx.read(variable_id) ??
      init_value ??
      zeros(
        ctx.outputs[0]?.type ?? 'f32',
        sizes.map(([lo, hi]) => (lo === hi ? lo : 0)),
      )
    );
  },

  traits: { impure: true, variable: 'read' },
});

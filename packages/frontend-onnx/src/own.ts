/** Operators that users added (`core.addExtension`): by a conversion of theirs, or taken as they are. */
import { CuveeError, ownRoom, type Op, type OperationExtension } from '@cuvee/core';
import type { NodeAttributes } from './attributes.js';
import type { OnnxOp } from './node.js';
import { findOp } from './registry.js';

export type FindOp = (domain: string, op: string) => OnnxOp | undefined;

/** What translates an operator of a file: the extensions' first. */
export const finder = (extensions: readonly OperationExtension[] = []): FindOp =>
  extensions.length === 0
    ? findOp
    : (domain, op) => {
        for (const { conversions } of extensions) {
          const own = conversions?.onnx?.[domain]?.[op];
          if (typeof own === 'function') return own as OnnxOp;
        }
        const room = ownRoom(extensions, domain, op);
        return room ? asItIs(room) : findOp(domain, op);
      };

/** Inputs in order, attributes by the room's names. */
const asItIs =
  (room: Op): OnnxOp =>
  ({ g, inputs, attr }) =>
    g.node(room, inputs, attributesOf(room, attr));

function attributesOf(room: Op, attr: NodeAttributes): Record<string, unknown> {
  const given = Object.entries(room.schema).filter(([name]) => attr.has(name));
  return Object.fromEntries(given.map(([name, { kind }]) => [name, read(room, attr, name, kind)]));
}

function read(room: Op, attr: NodeAttributes, name: string, kind: string): unknown {
  switch (kind) {
    case 'int':
      return attr.int(name);
    case 'ints':
      return attr.ints(name);
    case 'float':
      return attr.float(name);
    case 'floats':
      return attr.floats(name);
    case 'bool':
      return attr.bool(name);
    case 'text':
    case 'enum':
    case 'shape':
      return attr.text(name);
    case 'texts':
      return attr.texts(name);
    case 'type':
      return attr.elementType(name);
    default:
      throw new CuveeError(
        'MODEL_UNSUPPORTED',
        `attribute "${name}" of ${room.name} is a ${kind}: give its extension a conversion for onnx`,
      );
  }
}

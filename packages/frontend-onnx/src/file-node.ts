/** One node of a file, as its operator's function sees it. */
import { CuveeError, type Builder, type Value } from '@cuvee/core';
import type { NodeAttributes } from './attributes.js';
import type { BodyTranslation, OnnxNode, Operand } from './node.js';
import type { GraphProto, NodeProto } from './proto/index.js';

/** What a node asks its translation for. */
export interface Bodies<Frame> {
  inline(body: GraphProto, inputs: readonly Operand[], frame: Frame, title: string): readonly Operand[];
  model(body: GraphProto, frame: Frame, title: string): BodyTranslation;
}

/** A node of the file as its operator's function sees it. */
export class FileNode<Frame extends { readonly g: Builder }> implements OnnxNode<0> {
  readonly g: Builder;
  readonly op: string;
  readonly name: string;
  readonly version: number;
  readonly attr: NodeAttributes;
  readonly inputs: readonly (Value | undefined)[];
  readonly operands: readonly (Operand | undefined)[];
  readonly proto: NodeProto;
  readonly frame: Frame;
  readonly bodies: Bodies<Frame>;

  constructor(
    proto: NodeProto,
    title: string,
    frame: Frame,
    bodies: Bodies<Frame>,
    version: number,
    attributes: NodeAttributes,
    inputs: readonly (Value | undefined)[],
    operands: readonly (Operand | undefined)[],
  ) {
    this.g = frame.g;
    this.op = proto.opType ?? '';
    this.name = title;
    this.version = version;
    this.attr = attributes;
    this.inputs = inputs;
    this.operands = operands;
    this.proto = proto;
    this.frame = frame;
    this.bodies = bodies;
  }

  get outputs(): number {
    return this.proto.output.length;
  }
  wants(i: number): boolean {
    return (this.proto.output[i] ?? '') !== '';
  }
  invalid(message: string): CuveeError {
    return new CuveeError('MODEL_INVALID', message);
  }
  unsupported(message: string): CuveeError {
    return new CuveeError('MODEL_UNSUPPORTED', message);
  }
  inline(body: GraphProto, inputs: readonly Operand[]): readonly Operand[] {
    return this.bodies.inline(body, inputs, this.frame, this.name);
  }
  body(body: GraphProto): BodyTranslation {
    return this.bodies.model(body, this.frame, this.name);
  }
}

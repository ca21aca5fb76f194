/** @file The rooms as one table, and the builder that has a method for each. */
import { addMethods, GraphBuilder } from '../ir/graph.js';
import { createScope, type ShapeScope } from '../shape/index.js';
import type { Builder } from './builder.js';
import { rooms } from './rooms.js';

export type { Builder } from './builder.js';
export { rooms };

class RoomBuilder extends GraphBuilder {}
addMethods(RoomBuilder, rooms);

/** A builder of nodes in a scope: a new one for a new model, the model's own to add nodes to it. */
export const builder = (scope: ShapeScope = createScope()): Builder => new RoomBuilder(rooms, scope) as unknown as Builder;

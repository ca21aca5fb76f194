/** @file Which operations this device wants whole although they could be decomposed: those with a kernel of their own. */
import type { Node } from '@cuvee/core';
import { lowerings } from '../lower/index.js';
import { refusal } from './compile.js';

export const keeps = (node: Node): boolean => lowerings[node.op.name] !== undefined && refusal(node) === undefined;

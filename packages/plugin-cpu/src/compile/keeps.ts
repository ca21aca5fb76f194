/** @file Which operations this device wants whole although they could be decomposed: those with a kernel of their own. */
import { knownCondition, type Node } from '@cuvee/core';
import { loweringOf } from '../lower/index.js';
import { refusal } from './compile.js';
import { names } from '../ops/names.js';

/** An If whose condition is known becomes the branch that is taken. */
const decided = (node: Node): boolean => node.op.name === names.choice && knownCondition(node.input(0).fact) !== undefined;

export const keeps = (node: Node): boolean => !decided(node) && loweringOf(node.op) !== undefined && refusal(node) === undefined;

/** @file A model as stable text: what tests of passes compare, and `cuvee inspect --text` shows. */
import type { Attributes, AttributeValue, PortMapping } from '../ops/attributes.js';
import { Literal } from '../tensor/literal.js';
import { printFact } from './fact.js';
import { Model } from './model.js';
import type { Node, Value } from './node.js';

/**
 * One line a node, in topological order: `%name = Op(%inputs) {attribute=value} : type [shape]`.
 * Names are the friendly names; two equal ones get `~2`, `~3` by order, so the text does not depend on ids.
 */
export function print(model: Model, indent = ''): string {
  const names = new Map<Node, string>();
  const taken = new Map<string, number>();
  const lines = [`${indent}model ${JSON.stringify(model.name)}`];
  for (const node of model.nodes()) {
    const plain = node.isUnnamed ? node.op.name.toLowerCase() : node.name;
    const count = (taken.get(plain) ?? 0) + 1;
    taken.set(plain, count);
    names.set(node, count === 1 ? plain : `${plain}~${count}`);
    lines.push(`${indent}  ${printNode(node, names, indent)}`);
  }
  return `${lines.join('\n')}\n`;
}

function printNode(node: Node, names: ReadonlyMap<Node, string>, indent: string): string {
  const ref = (v: Value | undefined): string => (v ? `%${names.get(v.node)}${v.index > 0 ? `:${v.index}` : ''}` : '-');
  const attributes = printAttributes(node.attributes, indent);
  const facts = node.outputs.map((v) => printFact(v.fact)).join(', ');
  return `%${names.get(node)} = ${node.op.name}(${node.inputs.map(ref).join(', ')})${attributes ? ` {${attributes}}` : ''} : ${facts}`;
}

function printAttributes(attributes: Attributes, indent: string): string {
  return Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${printAttribute(value, indent)}`)
    .join(', ');
}

function printAttribute(value: AttributeValue, indent: string): string {
  if (value instanceof Literal) return printLiteral(value);
  if (value instanceof Model) return `\n${print(value, `${indent}    `)}${indent}  `;
  if (Array.isArray(value))
    return `[${(value as readonly unknown[]).map((v) => (typeof v === 'object' ? printPort(v as PortMapping) : String(v))).join(',')}]`;
  return String(value);
}

const printPort = (port: PortMapping): string =>
  `${port.external}:${port.internal}${port.axis === undefined ? '' : `@${port.axis}`}${port.backEdge === undefined ? '' : `<${port.backEdge}`}${port.purpose ? `!${port.purpose}` : ''}`;

/** Up to eight elements in full; beyond that, the first four and a checksum. */
export function printLiteral(literal: Literal): string {
  if (literal.size <= 8) return `[${Array.from(literal.nd().data as ArrayLike<unknown>, String).join(',')}]`;
  if (literal.type === 'string') return `[${literal.size} strings]`;
  let hash = 0x811c9dc5;
  for (const byte of literal.bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `#${(hash >>> 0).toString(16).padStart(8, '0')}`;
}

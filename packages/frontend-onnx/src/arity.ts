/** Checks how many inputs and outputs a node has before any operator's code runs. */
import type { NodeProto } from './proto/index.js';
import { findOp } from './registry.js';
import { signatures } from './signatures.js';

/** The signature in force at a version; an operator younger than the version takes its first. */
function signature(domain: string, op: string, version: number): string | undefined {
  const printed = Object.hasOwn(signatures, domain) ? signatures[domain] : undefined;
  const own = findOp(domain, op) as { readonly signature?: string } | undefined;
  const text = own?.signature ?? (printed && Object.hasOwn(printed, op) ? printed[op] : undefined);
  if (text === undefined || !text.includes(' ')) return text;
  const parts = text.split(' ');
  let form = parts[1];
  for (let i = 0; i < parts.length; i += 2) if (Number(parts[i]) <= version) form = parts[i + 1];
  return form;
}

/** Forms of inputs and outputs that were asked for, by operator. */
const asked = new Map<string, { readonly domain: string; readonly version: number; readonly inputs: string; readonly outputs: string }>();

/** Loops leave out trip count and condition, a few operators one of many inputs. */
const optionalTail: ReadonlySet<string> = new Set(['oo0', 'oo1', 'sosso2']);

function problem(what: 'input' | 'output', form: string, names: readonly string[]): string | undefined {
  const last = form.charCodeAt(form.length - 1);
  const variadic = last >= 48 && last <= 57 ? form[form.length - 1] : undefined; // a digit
  const fixed = variadic === undefined ? form.length : form.length - 1;
  const least = fixed + Number(variadic ?? 0);
  const required = variadic === undefined ? form.lastIndexOf('s') + 1 : least;
  if (variadic === undefined && names.length > fixed && names.slice(fixed).some((name) => name !== ''))
    return `has ${names.length} ${what}s, at most ${fixed} are allowed`;
  if (what === 'output') return names.length === 0 && required > 0 ? 'has no outputs' : undefined;
  for (let i = 0; i < fixed; i++) if (form[i] === 's' && !names[i]) return `lacks input ${i}`;
  if (variadic !== undefined && names.length < least) return `has ${names.length} ${what}s, at least ${least} are needed`;
  return variadic !== undefined && names.slice(fixed).some((name) => name === '') && !optionalTail.has(form)
    ? `leaves out one of its ${what}s`
    : undefined;
}

/** What is wrong with a node's number of inputs or outputs; undefined when nothing is, or when the operator has no signature. */
export function arityProblem(node: NodeProto, domain: string, version: number): string | undefined {
  const op = node.opType ?? '';
  let known = asked.get(op);
  if (known?.domain !== domain || known.version !== version) {
    const form = signature(domain, op, version);
    if (form === undefined) return undefined;
    const middle = form.indexOf('>');
    known = { domain, version, inputs: form.slice(0, middle), outputs: form.slice(middle + 1) };
    asked.set(op, known);
  }
  return problem('input', known.inputs, node.input) ?? problem('output', known.outputs, node.output);
}

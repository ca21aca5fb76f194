/** @file Other inputs and outputs for a model, all or nothing: a door beside `patch.ts`, for what changes types and shapes. */
import type { ShapeScope } from '../shape/index.js';
import { setFacts, type Model } from './model.js';
import type { Node, Value } from './node.js';

/** What may be changed. Values are to be made in the scope given. */
export interface Exchange {
  /** New parameters in place of one, and the value that all users of the old one read instead. Before all outputs. */
  input(parameter: Node, make: (scope: ShapeScope) => { readonly parameters: readonly Value[]; readonly value: Value }): void;
  /** Another value for a result to return, which takes over its tensor names. */
  output(result: Node, make: (scope: ShapeScope) => Value): void;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Changes a model; facts are inferred again when inputs changed. The model is as it was when anything throws. */
export function exchange(model: Model, change: (e: Exchange) => void): void {
  const undo = snapshot(model);
  let stale = false;
  let inferred = false;
  const infer = (): void => {
    if (stale) model.infer();
    inferred ||= stale;
    stale = false;
  };
  try {
    change({
      input(parameter, make) {
        const old = parameter.output;
        const users = [...old.users];
        const { parameters, value } = make(model.scope);
        for (const user of users) connect(user, old, value);
        const at = model.parameters.indexOf(parameter);
        model.exchangePorts([...model.parameters.slice(0, at), ...parameters.map((p) => p.node), ...model.parameters.slice(at + 1)]);
        stale = true;
      },
      output(result, make) {
        infer();
        const old = result.input(0);
        const value = make(model.scope);
        if (value === old) return;
        connect(result, old, value);
        setFacts(result, model.scope);
        const shared = model.results.some((r) => r.inputs[0] === old);
        if (value.names.length === 0 && !shared) [value.names, old.names] = [old.names, []];
        else if (result.output.names.length === 0) result.output.names = old.names;
        model.touched();
      },
    });
    infer();
  } catch (error) {
    undo();
    if (inferred) model.infer();
    throw error;
  }
}

function connect(user: Node, old: Value, value: Value): void {
  (user as Writable<Node>).inputs = user.inputs.map((v) => (v === old ? value : v));
  old.users.delete(user);
  value.users.add(user);
}

/** Remembers the wiring, facts and names of all nodes. */
function snapshot(model: Model): () => void {
  const { parameters, results } = model;
  const nodes = model.nodes().map((node) => ({
    node,
    inputs: node.inputs,
    rtInfo: node.rtInfo,
    outputs: node.outputs.map((v) => ({ v, fact: v.fact, names: v.names, users: [...v.users] })),
  }));
  return () => {
    for (const { node, inputs, rtInfo, outputs } of nodes) {
      Object.assign(node, { inputs, rtInfo });
      for (const { v, fact, names, users } of outputs) {
        Object.assign(v, { fact, names });
        v.users.clear();
        for (const user of users) v.users.add(user);
      }
    }
    model.exchangePorts(parameters, results);
  };
}

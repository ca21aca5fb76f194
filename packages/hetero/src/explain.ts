/** @file What became of the model: parts, what they hand over, and why. */
import { bytesOf, type Diagram, type Explanation, type Model, type Node, type Value } from '@cuvee/core';
import type { Wiring } from './request.js';

/** What is told of one part. */
export interface PartStory {
  readonly device: string;
  readonly nodes: readonly string[];
  readonly why: string;
}

/** What is told of a split; plain data, that a blob keeps. */
export interface Story {
  readonly devices: readonly string[];
  readonly parts: readonly PartStory[];
  /** For each value that is handed over: its name and bytes, free sizes taken as 64. */
  readonly values: readonly { readonly name: string; readonly bytes: number }[];
  readonly results: readonly string[];
}

export const storyOf = (model: Model, devices: readonly string[], parts: readonly PartStory[], values: readonly Value[]): Story => ({
  devices,
  parts,
  values: values.map((v) => ({ name: v.node.op.name === 'Parameter' ? v.anyName : v.label, bytes: bytesOf(v.fact) })),
  results: model.outputs.map((v) => v.anyName),
});

export const namesOf = (nodes: readonly Node[]): readonly string[] => nodes.map((n) => n.name);

/** `1.5 MB`. */
function inWords(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let [size, unit] = [bytes, 0];
  while (size >= 1000 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit]}`;
}

/** A wire between two boxes: how many values, and how much. */
interface Wire {
  readonly from: number;
  readonly to: number;
  readonly values: number[];
}

/** Wires by numbers of parts; -1: the model's inputs, -2: its results. */
function wiresOf({ inputs, parts, results }: Wiring): readonly Wire[] {
  const maker = new Map<number, number>();
  for (let v = 0; v < inputs; v++) maker.set(v, -1);
  parts.forEach((part, i) => part.outputs.forEach((v) => maker.set(v, i)));
  const wires = new Map<string, Wire>();
  const add = (v: number, to: number): void => {
    const from = maker.get(v) ?? -1;
    const wire = wires.get(`${from} ${to}`) ?? { from, to, values: [] };
    wires.set(`${from} ${to}`, wire);
    wire.values.push(v);
  };
  parts.forEach((part, i) => part.inputs.forEach((v) => add(v, i)));
  for (const v of new Set(results)) if (typeof v === 'number') add(v, -2);
  return [...wires.values()];
}

/** The explanation of a compiled split. `inner`: explanations of the parts' devices. */
export function explain(story: Story, wiring: Wiring): Explanation {
  const wires = wiresOf(wiring);
  const sum = (values: readonly number[]): number => values.reduce((total, v) => total + (story.values[v]?.bytes ?? 0), 0);
  const said = ({ values }: Wire): string =>
    `${values.length === 1 ? story.values[values[0] as number]?.name : `${values.length} values`}, ${inWords(sum(values))}`;
  const between = wires.filter((w) => w.from >= 0 && w.to >= 0);
  return {
    summary: {
      device: 'HETERO',
      devices: story.devices.join(', '),
      parts: story.parts.length,
      transfers: between.reduce((n, w) => n + w.values.length, 0),
      'bytes handed over': between.reduce((n, w) => n + sum(w.values), 0),
    },
    rows: story.parts.map((part, i) => ({
      part: i,
      device: part.device,
      operations: part.nodes.length,
      reads: wires
        .filter((w) => w.to === i)
        .map((w) => `${w.from < 0 ? 'input' : `part ${w.from}`}: ${said(w)}`)
        .join('; '),
      'bytes in': sum(wiring.parts[i]?.inputs ?? []),
      'bytes out': sum(wiring.parts[i]?.outputs ?? []),
      why: part.why,
      nodes: part.nodes.join(' '),
    })),
    diagram: diagram(story, wires, said),
  };
}

function diagram(story: Story, wires: readonly Wire[], said: (wire: Wire) => string): Diagram {
  const last = story.parts.length + 1;
  const box = (i: number): number => (i === -1 ? 0 : i === -2 ? last : i + 1);
  return {
    boxes: [
      { title: 'input', lines: [], group: '' },
      ...story.parts.map((part, i) => ({
        title: `${i} · ${part.device}`,
        lines: [`${part.nodes.length} operation${part.nodes.length === 1 ? '' : 's'}`, part.why],
        group: part.device,
        tip: part.nodes.join('\n'),
      })),
      { title: 'output', lines: [story.results.join(', ')], group: '' },
    ],
    wires: wires.map((w) => ({ from: box(w.from), to: box(w.to), label: said(w) })),
  };
}

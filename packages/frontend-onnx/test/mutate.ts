/** Damages a decoded model in ways that parse: sizes, types, attributes, wiring, versions. Seeded. */
import { Random } from '../../core/src/ops/cases.js';
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from '../src/proto/index.js';
import { signatures } from '../src/signatures.js';

type Loose<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? Loose<U>[] : T[K] };

const extremes = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  7n,
  64n,
  255n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const floats = [0, -0, 1, -1, 0.5, 1e-30, 1e30, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
const ops = Object.values(signatures).flatMap((table) => Object.keys(table));

/** A copy that may be changed; byte views are shared. */
const copy = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, copy(entry)])) as T;
};

/** The model with one to three mutations, and what they were. */
export function mutate(model: ModelProto, seed: number): { readonly model: ModelProto; readonly what: string } {
  const random = new Random(seed);
  const damaged = copy(model) as unknown as Loose<ModelProto>;
  const what: string[] = [];
  for (let i = random.int(1, 3); i > 0; i--) what.push(one(damaged, random));
  return { model: damaged as unknown as ModelProto, what: what.join(', ') };
}

function one(model: Loose<ModelProto>, random: Random): string {
  const graph = model.graph as unknown as Loose<GraphProto>;
  const nodes = graph.node as unknown as Loose<NodeProto>[];
  const node = random.pick(nodes.length > 0 ? nodes : [{ input: [], output: [], attribute: [] } as unknown as Loose<NodeProto>]);
  const names = [
    ...graph.input.map((v) => v.name ?? ''),
    ...graph.initializer.map((t) => t.name ?? ''),
    ...nodes.flatMap((n) => n.output),
    '',
    'nothing',
  ];
  const tensors = [
    ...graph.initializer,
    ...nodes.flatMap((n) => n.attribute.flatMap((a) => (a.t ? [a.t] : []))),
  ] as unknown as Loose<TensorProto>[];
  const attributes = nodes.flatMap((n) => n.attribute) as unknown as Loose<AttributeProto>[];
  const kinds: readonly (readonly [string, () => void])[] = [
    [
      'operator',
      () => {
        node.opType = random.pick(ops);
      },
    ],
    [
      'input deleted',
      () => {
        node.input.splice(random.int(0, Math.max(0, node.input.length - 1)), 1);
      },
    ],
    [
      'input added',
      () => {
        node.input.push(random.pick(names));
      },
    ],
    [
      'input left out',
      () => {
        if (node.input.length > 0) node.input[random.int(0, node.input.length - 1)] = '';
      },
    ],
    [
      'input rewired',
      () => {
        if (node.input.length > 0) node.input[random.int(0, node.input.length - 1)] = random.pick(names);
      },
    ],
    [
      'inputs reversed',
      () => {
        node.input.reverse();
      },
    ],
    [
      'output added',
      () => {
        node.output.push(random.pick(['extra', ...node.output]));
      },
    ],
    [
      'output deleted',
      () => {
        node.output.pop();
      },
    ],
    [
      'attribute deleted',
      () => {
        node.attribute.splice(random.int(0, Math.max(0, node.attribute.length - 1)), 1);
      },
    ],
    [
      'attribute doubled',
      () => {
        if (node.attribute.length > 0) node.attribute.push(random.pick(node.attribute));
      },
    ],
    [
      'attribute borrowed',
      () => {
        if (attributes.length > 0) node.attribute.push(random.pick(attributes) as never);
      },
    ],
    [
      'attribute number',
      () => {
        if (attributes.length === 0) return;
        const a = random.pick(attributes) as { i?: bigint; f?: number; ints: bigint[]; floats: number[]; type?: number };
        if (a.i !== undefined) a.i = random.pick(extremes);
        if (a.f !== undefined) a.f = random.pick(floats);
        if (a.ints.length > 0) a.ints[random.int(0, a.ints.length - 1)] = random.pick(extremes);
        if (a.floats.length > 0) a.floats[random.int(0, a.floats.length - 1)] = random.pick(floats);
      },
    ],
    [
      'attribute list',
      () => {
        if (attributes.length === 0) return;
        const a = random.pick(attributes) as { ints: bigint[]; floats: number[] };
        if (random.next() < 0.5) a.ints.pop();
        else a.ints.push(random.pick(extremes));
      },
    ],
    [
      'attribute type',
      () => {
        if (attributes.length > 0) random.pick(attributes).type = random.int(0, 16);
      },
    ],
    [
      'attribute text',
      () => {
        if (attributes.length > 0) {
          const a = random.pick(attributes);
          if (a.s) a.s = new TextEncoder().encode(random.pick(['', 'x', 'SAME_UPPER', 'linear', 'mean']));
        }
      },
    ],
    [
      'tensor type',
      () => {
        if (tensors.length > 0) random.pick(tensors).dataType = random.int(-1, 30);
      },
    ],
    [
      'tensor size',
      () => {
        if (tensors.length > 0) {
          const d = random.pick(tensors).dims as unknown as bigint[];
          if (d.length > 0) d[random.int(0, d.length - 1)] = random.pick(extremes);
        }
      },
    ],
    [
      'tensor rank',
      () => {
        if (tensors.length > 0) {
          const d = random.pick(tensors).dims as unknown as bigint[];
          if (random.next() < 0.5) d.push(1n);
          else d.pop();
        }
      },
    ],
    [
      'tensor cut',
      () => {
        if (tensors.length > 0) {
          const t = random.pick(tensors);
          if (t.rawData) t.rawData = t.rawData.subarray(1);
        }
      },
    ],
    [
      'two data',
      () => {
        if (tensors.length > 0) random.pick(tensors).floatData = new Uint8Array(4);
      },
    ],
    [
      'initializer name',
      () => {
        if (graph.initializer.length > 0) random.pick(graph.initializer).name = random.pick(names);
      },
    ],
    [
      'input type',
      () => {
        if (graph.input.length > 0) {
          const t = random.pick(graph.input).type?.tensorType;
          if (t) t.elemType = random.int(0, 29);
        }
      },
    ],
    [
      'input shape',
      () => {
        if (graph.input.length > 0) {
          const d = random.pick(graph.input).type?.tensorType?.shape?.dim as { dimValue?: bigint }[] | undefined;
          if (d && d.length > 0) random.pick(d).dimValue = random.pick(extremes);
        }
      },
    ],
    [
      'input rank',
      () => {
        if (graph.input.length > 0) {
          const d = random.pick(graph.input).type?.tensorType?.shape?.dim as { dimValue?: bigint }[] | undefined;
          if (d) {
            if (random.next() < 0.5) d.pop();
            else d.push({ dimValue: 2n });
          }
        }
      },
    ],
    [
      'shape forgotten',
      () => {
        if (graph.input.length > 0) {
          const t = random.pick(graph.input).type?.tensorType;
          if (t) delete t.shape;
        }
      },
    ],
    [
      'output name',
      () => {
        if (graph.output.length > 0) random.pick(graph.output).name = random.pick(names);
      },
    ],
    [
      'node deleted',
      () => {
        nodes.splice(random.int(0, Math.max(0, nodes.length - 1)), 1);
      },
    ],
    [
      'node doubled',
      () => {
        if (nodes.length > 0) nodes.push(copy(random.pick(nodes)));
      },
    ],
    [
      'nodes reversed',
      () => {
        nodes.reverse();
      },
    ],
    [
      'opset',
      () => {
        if (model.opsetImport.length > 0) random.pick(model.opsetImport).version = random.pick([...extremes, BigInt(random.int(1, 28))]);
      },
    ],
    [
      'IR version',
      () => {
        model.irVersion = random.pick(extremes);
      },
    ],
  ];
  const [name, apply] = random.pick(kinds);
  apply();
  return name;
}

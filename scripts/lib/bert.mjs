/**
 * @file A BERT of any size with seeded random weights, in the folder layout of transformers.js: as an exporter writes it (opset 11,
 * layer normalisation and GELU in pieces, shapes computed in the graph), with a WordPiece tokenizer of letters.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const varint = (value) => {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
};
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
const block = (field, ...parts) => {
  const body = Buffer.concat(parts.flat().map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
};

const types = { f32: 1, i64: 7 };

/** TensorProto's fields. */
const tensor = (name, type, dims, data) => [
  ...dims.map((dim) => number(1, dim)),
  number(2, types[type]),
  block(8, name),
  block(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
];

/** An attribute from an integer or a list of integers. */
const attribute = ([name, value]) =>
  Array.isArray(value)
    ? block(5, block(1, name), ...value.map((v) => number(8, v)), number(20, 7))
    : block(5, block(1, name), number(3, value), number(20, 2));

const port = (field, name, type, dims) =>
  block(
    field,
    block(1, name),
    block(2, block(1, number(1, types[type]), block(2, ...dims.map((d) => block(1, typeof d === 'number' ? number(1, d) : block(2, d)))))),
  );

/** Collects nodes and weights; each method gives the name of a value. */
class Graph {
  nodes = [];
  weights = [];
  #seed = 12345;
  #count = 0;

  weight(type, dims, data) {
    const name = `w${this.weights.length}`;
    this.weights.push(block(5, ...tensor(name, type, dims, data)));
    return name;
  }
  /** Roughly normal values of the given deviation around `centre`. */
  random(dims, deviation, centre = 0) {
    const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) {
      let sum = 0;
      for (let k = 0; k < 3; k++) {
        this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
        sum += this.#seed / 2 ** 32 - 0.5;
      }
      data[i] = centre + 2 * deviation * sum;
    }
    return this.weight('f32', dims, data);
  }
  f32 = (value) => this.weight('f32', [], Float32Array.of(value));
  i64 = (...values) => this.weight('i64', [values.length], BigInt64Array.from(values.map(BigInt)));
  index = (value) => this.weight('i64', [], BigInt64Array.of(BigInt(value)));

  op(type, inputs, attributes = {}, output = `${type}_${this.#count++}`) {
    const fields = [...inputs.map((name) => block(1, name)), block(2, output), block(3, `/${output}`), block(4, type)];
    this.nodes.push(block(1, ...fields, ...Object.entries(attributes).map(attribute)));
    return output;
  }
  dim = (x, axis) => this.op('Unsqueeze', [this.op('Gather', [this.op('Shape', [x]), this.index(axis)], { axis: 0 })], { axes: [0] });
  dense = (x, from, to) => this.op('Add', [this.random([to], 0.02), this.op('MatMul', [x, this.random([from, to], 1 / Math.sqrt(from))])]);

  normalise(x, size, output) {
    const difference = this.op('Sub', [x, this.op('ReduceMean', [x], { axes: [-1] })]);
    const variance = this.op('ReduceMean', [this.op('Pow', [difference, this.f32(2)])], { axes: [-1] });
    const scaled = this.op('Div', [difference, this.op('Sqrt', [this.op('Add', [variance, this.f32(1e-12)])])]);
    return this.op('Add', [this.op('Mul', [scaled, this.random([size], 0.02, 1)]), this.random([size], 0.02)], {}, output);
  }
  gelu(x) {
    const erf = this.op('Erf', [this.op('Div', [x, this.f32(Math.SQRT2)])]);
    return this.op('Mul', [this.op('Mul', [x, this.op('Add', [erf, this.f32(1)])]), this.f32(0.5)]);
  }
  attention(x, bias, hidden, heads) {
    const split = (y, perm) => {
      const shape = this.op('Concat', [this.dim(y, 0), this.dim(y, 1), this.i64(heads), this.i64(hidden / heads)], { axis: 0 });
      return this.op('Transpose', [this.op('Reshape', [y, shape])], { perm });
    };
    const [q, k, v] = [
      [0, 2, 1, 3],
      [0, 2, 3, 1],
      [0, 2, 1, 3],
    ].map((perm) => split(this.dense(x, hidden, hidden), perm));
    const scores = this.op('Div', [this.op('MatMul', [q, k]), this.f32(Math.sqrt(hidden / heads))]);
    const weights = this.op('Softmax', [this.op('Add', [scores, bias])], { axis: 3 });
    const mixed = this.op('Transpose', [this.op('MatMul', [weights, v])], { perm: [0, 2, 1, 3] });
    const shape = this.op('Concat', [this.dim(mixed, 0), this.dim(mixed, 1), this.i64(hidden)], { axis: 0 });
    return this.dense(this.op('Reshape', [mixed, shape]), hidden, hidden);
  }
}

const ports = ['input_ids', 'attention_mask', 'token_type_ids'];

/** The ONNX file of an encoder: `last_hidden_state` [batch_size, sequence_length, hidden] from the three inputs of BERT. */
export function bertFile({ layers, hidden, heads, vocabulary, positions = 512 }) {
  const g = new Graph();
  const [ids, mask, kinds] = ports;
  const places = g.weight(
    'i64',
    [1, positions],
    BigInt64Array.from({ length: positions }, (_, i) => BigInt(i)),
  );
  const place = g.op('Slice', [places, g.i64(0), g.dim(ids, 1), g.i64(1), g.i64(1)]);
  const embed = (count, indices) => g.op('Gather', [g.random([count, hidden], 0.05), indices]);
  const words = g.op('Add', [embed(vocabulary, ids), embed(2, kinds)]);
  let x = g.normalise(g.op('Add', [words, embed(positions, place)]), hidden);
  const wide = g.op('Cast', [g.op('Unsqueeze', [g.op('Unsqueeze', [mask], { axes: [1] })], { axes: [2] })], { to: 1 });
  const bias = g.op('Mul', [g.op('Sub', [g.f32(1), wide]), g.f32(-3.4028234663852886e38)]);
  for (let layer = 1; layer <= layers; layer++) {
    x = g.normalise(g.op('Add', [g.attention(x, bias, hidden, heads), x]), hidden);
    const inner = g.dense(g.gelu(g.dense(x, hidden, 4 * hidden)), 4 * hidden, hidden);
    x = g.normalise(g.op('Add', [inner, x]), hidden, layer === layers ? 'last_hidden_state' : undefined);
  }
  const dims = ['batch_size', 'sequence_length'];
  const inputs = ports.map((name) => port(11, name, 'i64', dims));
  const graph = [...g.nodes, block(2, 'main_graph'), ...g.weights, ...inputs, port(12, x, 'f32', [...dims, hidden])];
  return Buffer.concat([number(1, 6), block(2, 'cuvee'), block(8, block(1, ''), number(2, 11)), block(7, ...graph)]);
}

/** Words are spelled: a token for each letter at a word's start and within it. */
function tokenizer(vocabulary) {
  const signs = [...'abcdefghijklmnopqrstuvwxyz0123456789,.'];
  const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...signs, ...signs.map((sign) => `##${sign}`)];
  if (tokens.length > vocabulary) throw new RangeError(`${vocabulary} words are fewer than the ${tokens.length} of the tokenizer`);
  const special = (id, content) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true });
  const piece = (id, type_id) => ({ SpecialToken: { id, type_id } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.slice(0, 5).map((content, id) => special(id, content)),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [piece('[CLS]', 0), { Sequence: { id: 'A', type_id: 0 } }, piece('[SEP]', 0)],
      pair: [
        piece('[CLS]', 0),
        { Sequence: { id: 'A', type_id: 0 } },
        piece('[SEP]', 0),
        { Sequence: { id: 'B', type_id: 1 } },
        piece('[SEP]', 1),
      ],
      special_tokens: Object.fromEntries(['[CLS]', '[SEP]'].map((id) => [id, { id, ids: [tokens.indexOf(id)], tokens: [id] }])),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    },
  };
}

/** Writes the folder that `pipeline('feature-extraction', …)` of transformers.js reads. */
export function writeBert(folder, { layers, hidden, heads, vocabulary }) {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const json = (name, value) => writeFileSync(join(folder, name), JSON.stringify(value));
  json('config.json', {
    architectures: ['BertModel'],
    model_type: 'bert',
    hidden_size: hidden,
    num_attention_heads: heads,
    num_hidden_layers: layers,
    intermediate_size: 4 * hidden,
    max_position_embeddings: 512,
    vocab_size: vocabulary,
  });
  json('tokenizer.json', tokenizer(vocabulary));
  const roles = { pad_token: '[PAD]', unk_token: '[UNK]', cls_token: '[CLS]', sep_token: '[SEP]', mask_token: '[MASK]' };
  json('tokenizer_config.json', { tokenizer_class: 'BertTokenizer', do_lower_case: true, model_max_length: 512, ...roles });
  writeFileSync(join(folder, 'onnx', 'model.onnx'), bertFile({ layers, hidden, heads, vocabulary }));
}

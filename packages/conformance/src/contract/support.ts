/** @file What a device says that it runs, and that `compile` keeps to it. */
import { floating, isPromise, op, port, print, type Model, type Value } from '@cuvee/core';
import { area, check, equal, fails, must } from './check.js';
import { accumulator, closeTo, isParabola, modelOf, pair, parabola, products, unsupported } from './models.js';
import { anyVector } from './subject.js';

const models = (): readonly Model[] => [
  parabola(),
  pair(),
  products(2, 4),
  accumulator(),
  modelOf('softened', (g) => {
    const x = g.parameter('f32', '?,4', 'x');
    return { inputs: [x], outputs: { y: g.softmax(g.relu(x), { axis: 1 }) } };
  }),
  modelOf('found', (g) => {
    const x = g.parameter('f32', '?', 'x');
    return { inputs: [x], outputs: { y: g.nonZero(x) } };
  }),
  unsupported(),
];

/** An operation of a user: nobody has a kernel for it, and nobody needs one. */
const Twice = op('ContractTwice', {
  domain: 'cuvee.contract',
  inputs: [port('data', floating)],
  outputs: [port('output', floating)],
  infer: ({ data }) => data,
  decompose: (g, { data }) => g.add(data, data),
});

export const support = area('support', {
  complete: check(
    ['For each node of the model asked about: `true`, or the reason why not.', 'Per node: supported, or the reason.'],
    async (s) => {
      for (const model of models()) {
        const answers = await s.core.explainSupport(model, s.device);
        equal(answers.size, model.nodes().length, `number of answers for "${model.name}"`);
        for (const [node, answer] of answers)
          must(
            answer === true || (typeof answer === 'string' && /\S/.test(answer) && answer !== 'the device did not answer'),
            `answer for "${node.name}": ${String(answer)}`,
          );
      }
    },
  ),

  kept: check('The same predicate as `compile`; the model is as core decomposed it.', async (s) => {
    for (const model of models()) {
      const refused = [...(await s.core.explainSupport(model, s.device))].filter(([, answer]) => answer !== true);
      if (refused.length === 0) await s.compile(model);
      else
        await fails(() => s.compile(model), 'MODEL_UNSUPPORTED', `compiling "${model.name}", of which it refuses ${refused[0]?.[0].name}`);
    }
  }),

  refused: check(['Refuses with MODEL_UNSUPPORTED naming the nodes.'], async (s) => {
    const answers = await s.core.explainSupport(unsupported(), s.device);
    const [, answer] = [...answers].find(([node]) => node.name === 'mystery') ?? [];
    must(typeof answer === 'string', 'it says that it runs an operation that nobody has heard of');
    const error = await fails(() => s.compile(unsupported()), 'MODEL_UNSUPPORTED', 'compiling an operation that nobody has heard of');
    must(error.message.includes('mystery'), `the message does not name the node "mystery": ${error.message}`);
    equal(error.node, 'mystery', 'node of the error');
  }),

  repeated: check('for each node: `true`, or the reason why not, as a text that a person can act on', async (s) => {
    for (const model of models()) {
      const ask = async (): Promise<unknown[]> =>
        [...(await s.core.explainSupport(model, s.device))].map(([node, answer]) => [node.name, answer === true]);
      equal(await ask(), await ask(), `answers for "${model.name}", asked twice`);
    }
  }),

  copied: check('Owns the model given: core hands over a copy.', async (s) => {
    const model = parabola();
    const before = print(model);
    await s.core.explainSupport(model, s.device);
    const compiled = await s.compile(model);
    equal(print(model), before, 'the model after query and compile');
    model.reshape('5');
    const request = s.hold(compiled.createInferRequest());
    isParabola((await request.inferAsync({ x: anyVector })).y, anyVector, 'result, the caller’s model reshaped meanwhile');
  }),

  extended: check(
    [
      'Told of operations that users add, before a model that has them arrives.',
      'Default: every node that has a decomposition arrives decomposed.',
    ],
    async (s) => {
      const core = await s.bareCore();
      core.addExtension({ ops: [Twice] });
      const model = modelOf('twice', (g) => {
        const x = g.parameter('f32', '?', 'x');
        return { inputs: [x], outputs: { y: g.node(Twice, [x], {})[0] as Value } };
      });
      const request = s.hold(s.hold(await core.compileModel(model, s.device)).createInferRequest());
      closeTo((await request.inferAsync({ x: anyVector })).y, [2, 4, 6], 'an operation of an extension, which is x + x');
    },
  ),

  atOnce: check('A plugin that answers at once also serves the synchronous API.', async (s) => {
    const [asked, made] = [s.host.query(parabola(), s.device, {}), s.host.compile(parabola(), s.device, {})];
    s.hold(await made);
    await asked;
    if (isPromise(made))
      await fails(
        () => s.core.compileModelSync(parabola(), s.device),
        'SYNC_UNAVAILABLE',
        'compileModelSync of a device that answers later',
      );
    else s.hold(s.core.compileModelSync(parabola(), s.device));
    if (isPromise(asked))
      await fails(() => s.core.queryModel(parabola(), s.device), 'SYNC_UNAVAILABLE', 'queryModel of a device that answers later');
    else must(Object.keys(s.core.queryModel(parabola(), s.device)).includes('x'), 'queryModel does not say that it runs the input "x"');
  }),

  edges: check("Inputs and outputs in the model's order.", async (s) => {
    const constant = await s.request(modelOf('constant', (g) => ({ inputs: [], outputs: { y: g.constant('f32', [2], [3, 4]) } })));
    closeTo((await constant.inferAsync({})).y, [3, 4], 'a model of a constant alone');
    const through = await s.request(
      modelOf('through', (g) => {
        const x = g.parameter('f32', '?', 'x');
        const unused = g.parameter('f32', '?', 'unused');
        return { inputs: [unused, x], outputs: { y: x, again: x, z: g.add(x, x) } };
      }),
    );
    const outputs = await through.inferAsync({ x: anyVector, unused: anyVector });
    for (const name of ['y', 'again']) closeTo(outputs[name], [1, 2, 3], `input handed through as "${name}"`);
    closeTo(outputs.z, [2, 4, 6], 'an input added to itself');
  }),
});

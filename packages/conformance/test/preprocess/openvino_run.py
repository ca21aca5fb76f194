"""Runs the combinations in OpenVINO and writes them, with its results, as cases.json and results.bin beside this file.

Usage: python openvino_run.py [--seed N] [--out DIR]. Needs the packages openvino and numpy. Computes in f32.
"""

import argparse
import json
import pathlib

import numpy as np
import openvino as ov
from openvino import opset8 as op
from openvino import preprocess as ppp

from combinations import combinations

HERE = pathlib.Path(__file__).parent
NUMPY = {'f16': np.float16, 'f32': np.float32, 'f64': np.float64, 'boolean': np.bool_, **{f'{s}{b}': np.dtype(f'{"u" if s == "u" else ""}int{b}').type for s in 'ui' for b in (8, 16, 32, 64)}}


def numbers(seed, count):
    """Uniform numbers in [0, 1): mulberry32."""
    state, mask = seed & 0xFFFFFFFF, 0xFFFFFFFF
    for _ in range(count):
        state = (state + 0x6D2B79F5) & mask
        t = ((state ^ (state >> 15)) * (state | 1)) & mask
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & mask)) & mask
        yield (t ^ (t >> 14)) / 4294967296


def array(kind, shape, seed, low, high):
    """Uniform values: floats in [low, high), integers in [low, high]."""
    count = int(np.prod(shape))
    whole = not kind.startswith('f')
    values = [low + (int(x * (high - low + 1)) if whole else x * (high - low)) for x in numbers(seed, count)]
    return np.array(values, np.float64).astype(NUMPY[kind]).reshape(shape)


def body(name, kind, shape):
    """A small model."""
    x = op.parameter(ov.PartialShape(shape), NUMPY[kind], name='x')
    x.output(0).tensor.set_names({'x'})
    if name == 'relu':
        return ov.Model([op.relu(x)], [x], 'relu')
    if name == 'add':
        return ov.Model([op.add(x, op.constant(1, NUMPY[kind]))], [x], 'add')
    if name == 'sum and difference':
        y = op.parameter(ov.PartialShape(shape), NUMPY[kind], name='y')
        y.output(0).tensor.set_names({'y'})
        return ov.Model([op.add(x, y), op.subtract(x, y)], [x, y], 'two')
    pad = 0 if name == 'conv valid' else 1
    filters = op.constant(array('f32', [4, 3, 3, 3], 7, -1, 1))
    conv = op.convolution(x, filters, [1, 1], [pad, pad], [pad, pad], [1, 1])
    return ov.Model([op.relu(op.add(conv, op.constant(array('f32', [1, 4, 1, 1], 8, -1, 1))))], [x], 'conv')


CUSTOM = {'abs': lambda x: op.absolute(x).output(0), 'negative': lambda x: op.negative(x).output(0),
          'addOne': lambda x: op.add(x, op.constant(1, np.float32)).output(0), 'timesTwo': lambda x: op.multiply(x, op.constant(2, np.float32)).output(0)}


def say(processor, call):
    """One call on OpenVINO's PrePostProcessor."""
    end, index, part, method, *args = call
    target = getattr(getattr(processor, end)(index), part)()
    if method == 'clamp':
        low, high = args
        return target.custom(lambda x: op.clamp(x, low, high).output(0))
    if method == 'custom':
        return target.custom(CUSTOM[args[0]])
    kinds = {'setElementType': ov.Type, 'convertElementType': ov.Type, 'setLayout': ov.Layout, 'setColorFormat': lambda c: getattr(ppp.ColorFormat, c),
             'convertColor': lambda c: getattr(ppp.ColorFormat, c), 'resize': lambda a: getattr(ppp.ResizeAlgorithm, a), 'setShape': ov.PartialShape}
    if method in kinds and args:
        args[0] = kinds[method](NUMPY.get(args[0], args[0]) if kinds[method] is ov.Type else args[0])
    if method == 'convertLayout':
        args = [ov.Layout(args[0]) if isinstance(args[0], str) else args[0]] if args else [ov.Layout('')]
    if method == 'pad':
        args[3] = getattr(ppp.PaddingMode, args[3])
    snake = ''.join(f'_{c.lower()}' if c.isupper() else c for c in method)
    return getattr(target, snake)(*args)


def results(core, case):
    """Output arrays of all runs, one after the other; the message when it cannot be built."""
    model = body(case['body'], case['type'], case['shape'])
    processor = ppp.PrePostProcessor(model)
    try:
        for call in case['calls']:
            say(processor, call)
        compiled = core.compile_model(processor.build(), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    except RuntimeError as error:
        return str(error).strip().split('\n')[-1]
    given = [[array(*i) for i in run] for run in case['runs']]
    return [[np.ascontiguousarray(o) for o in compiled(run).values()] for run in given]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--out', type=pathlib.Path, default=HERE)
    options = parser.parse_args()
    core = ov.Core()
    names = {np.dtype(v).name: k for k, v in NUMPY.items()}
    blob, cases = bytearray(), combinations(options.seed)
    for case in cases:
        found = results(core, case)
        refused = isinstance(found, str)
        if refused != case.pop('refused'):
            raise SystemExit(f'{case["name"]}: {found}\n{case}')
        if refused:
            case['refused'] = found
            continue
        case['results'] = [[[names[o.dtype.name], list(o.shape), len(blob), blob.extend(o.tobytes())][:3] for o in run] for run in found]
    options.out.mkdir(parents=True, exist_ok=True)
    lines = ',\n'.join(json.dumps(c, separators=(',', ':')) for c in cases)
    (options.out / 'cases.json').write_text(f'[\n{lines}\n]\n')
    (options.out / 'results.bin').write_bytes(blob)
    print(f'OpenVINO {ov.get_version()}: {len(cases)} combinations, {len(blob)} bytes of results')


if __name__ == '__main__':
    main()

"""Combinations of preprocessing to compare: the same list for OpenVINO and for Cuvée, from one seed.

A combination is a model (`body` on inputs of `type` and `shape`), calls on a PrePostProcessor, and the inputs of one or more runs.
A call is [where, method, arguments...]; where is `input`, `output` and an index, and `tensor`, `preprocess`, `postprocess` or `model`.
Methods have Cuvée's names. An input is [type, shape, seed, low, high].
"""

import itertools
import random

ALGORITHMS = ['NEAREST', 'LINEAR', 'CUBIC', 'BILINEAR_PILLOW', 'BICUBIC_PILLOW']
FLOATS = ('f32', 'f16', 'f64')


def span(kind):
    """Range of input values of a type."""
    if kind in FLOATS:
        return (-2, 2)
    return {'u8': (0, 255), 'i8': (-128, 127), 'boolean': (0, 1), 'u16': (0, 60000), 'i16': (-30000, 30000)}.get(kind, (-1000, 1000) if kind[0] == 'i' else (0, 1000))


class List:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.all = []

    def add(self, group, shape, calls, inputs, body='relu', kind='f32', runs=None, refused=False):
        """`inputs`: [type, shape] of each new input, or several lists of them as `runs`."""
        made = [[[t, s, self.random.randrange(1 << 30), *span(t)] for t, s in run] for run in (runs or [inputs])]
        self.all.append({'name': f'{group} {len([c for c in self.all if c["group"] == group]) + 1}', 'group': group, 'body': body, 'type': kind,
                         'shape': shape, 'calls': calls, 'runs': made, 'refused': refused})


def put(layout, n, c, h, w):
    """Sizes in a layout's order."""
    return [{'N': n, 'C': c, 'H': h, 'W': w}[a] for a in layout]


def combinations(seed):
    """All of them."""
    l = List(seed)
    r = l.random
    tensor = lambda method, *a, i=0: ['input', i, 'tensor', method, *a]
    step = lambda method, *a, i=0: ['input', i, 'preprocess', method, *a]
    model = lambda layout, i=0: ['input', i, 'model', 'setLayout', layout]
    out = lambda part, method, *a, i=0: ['output', i, part, method, *a]

    # Element types: implicit and explicit conversion.
    for kind in ['u8', 'i8', 'u16', 'i16', 'i32', 'u32', 'i64', 'u64', 'f16', 'f64', 'boolean']:
        l.add('type', '2,5', [tensor('setElementType', kind)], [[kind, [2, 5]]])
    for kind, to in [('f32', 'i32'), ('f32', 'u8'), ('u8', 'f16'), ('i64', 'i32'), ('f16', 'f32'), ('u8', 'i32')]:
        l.add('type', '3,4', [tensor('setElementType', kind), step('convertElementType', to)], [[kind, [3, 4]]])
    for kind in ['f16', 'i32', 'u8', 'i64', 'i8']:
        l.add('type', '3,4', [tensor('setElementType', 'f32'), step('clamp', 0, 3), step('convertElementType')], [['f32', [3, 4]]], body='add', kind=kind)

    # Layouts, implicit and explicit, with axes missing and any number of axes.
    pairs = [('NHWC', 'NCHW'), ('NCHW', 'NHWC'), ('NWHC', 'NCHW'), ('HWC', 'NCHW'), ('WHC', 'NCHW'), ('[N,H,W,C]', 'nchw'),
             ('NHWC', 'NC??'), ('NHW?', 'NCHW'), ('N...C', 'NC...'), ('NHWC', 'NC...'), ('WHC', 'NHWC')]
    for of, to in pairs:
        plain = {'nchw': 'NCHW', 'NC??': 'NCHW', 'NC...': 'NCHW'}.get(to, to)
        own = {'[N,H,W,C]': 'NHWC', 'NHW?': 'NHWC', 'N...C': 'NHWC'}.get(of, of)
        sizes = put(plain, 1, 1 if 'C' not in own else 3, 4, 5)
        given = put(own, 1, 3, 4, 5)
        l.add('layout', ','.join(map(str, sizes)), [tensor('setLayout', of), model(to)], [['f32', given]])
    for order in itertools.islice((p for p in itertools.permutations(range(4)) if p != (0, 1, 2, 3)), 0, 23, 4):
        given = [0] * 4
        for i, p in enumerate(order):
            given[p] = [2, 3, 4, 5][i]
        l.add('layout', '2,3,4,5', [step('convertLayout', list(order))], [['f32', given]])
    l.add('layout', '1,3,2,4,5', [tensor('setLayout', 'NDHWC'), model('NCDHW')], [['f32', [1, 2, 4, 5, 3]]])
    l.add('layout', '1,3,4,5', [tensor('setLayout', 'NHWC'), step('convertLayout', 'NCWH'), model('NCHW')], [['f32', [1, 4, 5, 3]]])
    l.add('layout', '1,3,4,5', [tensor('setLayout', 'NHWC'), step('convertLayout'), model('NCHW')], [['f32', [1, 4, 5, 3]]])
    l.add('layout', '1,3,4,5', [tensor('setLayout', 'NHWC'), step('convertLayout', 'NCHW')], [['f32', [1, 4, 5, 3]]])
    l.add('layout', '4,3', [tensor('setLayout', 'CN'), model('NC')], [['f32', [3, 4]]])

    # Mean and scale, of one number or one for each channel, in either layout, also before other steps.
    for layout in ['NHWC', 'NCHW', 'HWC', 'N...C']:
        for values in [3.5, [1, 2.5, -3]]:
            own = {'N...C': 'NHWC'}.get(layout, layout)
            kind = r.choice(['u8', 'f32', 'f16', 'i16'])
            calls = [tensor('setElementType', kind), tensor('setLayout', layout), model('NCHW'), step('convertElementType', 'f32'), step('mean', values), step('scale', values)]
            l.add('mean and scale', '1,3,4,6', calls, [[kind, put(own, 1, 3, 4, 6)]])
    for kind in ['f16', 'f64', 'f32']:
        l.add('mean and scale', '2,3', [tensor('setElementType', kind), tensor('setLayout', 'NC'), step('scale', [2, 3, 7]), step('mean', 0.25)], [[kind, [2, 3]]])

    # Resizing: every algorithm, larger and smaller, in floats and bytes, in either layout, to sizes and to the model's.
    for alg in ALGORITHMS:
        for h, w, hh, ww in [(5, 7, 8, 9), (9, 8, 4, 5), (6, 10, 9, 4), (4, 4, 8, 8), (8, 8, 4, 4)]:
            kind = r.choice(['u8', 'f32'])
            layout = r.choice(['NHWC', 'NCHW']) if alg in ('NEAREST', 'LINEAR', 'CUBIC') else r.choice(['NHWC', 'NCHW', 'NHWC'])
            sized = r.random() < 0.5
            calls = [tensor('setElementType', kind), tensor('setLayout', layout), model('NCHW')]
            if not sized:
                calls.append(tensor('setSpatialStaticShape', h, w))
                calls.append(step('resize', f'RESIZE_{alg}'))
                shape = f'1,2,{hh},{ww}'
            else:
                calls.append(tensor('setShape', put(layout, 1, 2, h, w)))
                calls.append(step('resize', f'RESIZE_{alg}', hh, ww))
                shape = f'1,2,{hh},{ww}' if r.random() < 0.5 else '1,2,?,?'
            if r.random() < 0.3:
                calls.insert(3, step('convertElementType', 'f32'))
            elif kind == 'u8':
                calls.append(out('tensor', 'setElementType', 'u8'))
            l.add('resize', shape, calls, [[kind, put(layout, 1, 2, h, w)]])
        for kind in ['u8', 'f32']:
            calls = [tensor('setElementType', kind), tensor('setLayout', 'NHWC'), tensor('setSpatialDynamicShape'), model('NCHW'), step('resize', f'RESIZE_{alg}')]
            if kind == 'u8':
                calls.append(out('tensor', 'setElementType', 'u8'))
            sizes = [[r.randrange(3, 12), r.randrange(3, 12)] for _ in range(2)]
            l.add('resize dynamic', '1,3,6,7', calls, None, runs=[[[kind, [1, h, w, 3]]] for h, w in sizes])
    for alg in ['LINEAR', 'NEAREST', 'CUBIC']:
        l.add('resize', '1,2,6,6', [tensor('setElementType', 'f16'), tensor('setLayout', 'NCHW'), tensor('setShape', [1, 2, 4, 5]), step('resize', f'RESIZE_{alg}')], [['f16', [1, 2, 4, 5]]])

    # Dynamic dimensions.
    l.add('dynamic', '?,3,?,?', [tensor('setElementType', 'u8'), tensor('setLayout', 'NHWC'), model('NCHW')], None, runs=[[['u8', [1, 4, 5, 3]]], [['u8', [2, 3, 2, 3]]]])
    l.add('dynamic', '1..4,3,?,8', [tensor('setLayout', 'NHWC'), model('NCHW'), step('mean', [1, 2, 3])], None, runs=[[['f32', [1, 4, 8, 3]]], [['f32', [3, 2, 8, 3]]]])
    l.add('dynamic', '?,?,4,4', [tensor('setLayout', 'NCHW'), step('reverseChannels')], None, runs=[[['f32', [1, 2, 4, 4]]], [['f32', [2, 5, 4, 4]]]])
    l.add('dynamic', '?,?', [tensor('setElementType', 'i32'), step('convertElementType', 'f32'), step('scale', 4)], None, runs=[[['i32', [1, 7]]], [['i32', [4, 2]]]])
    l.add('dynamic', '1,3,?,?', [tensor('setElementType', 'u8'), tensor('setColorFormat', 'NV12_SINGLE_PLANE'), model('NCHW'), step('convertColor', 'RGB'), out('tensor', 'setElementType', 'u8')], None, runs=[[['u8', [1, 6, 6, 1]]], [['u8', [1, 12, 4, 1]]]])
    l.add('dynamic', '1,3,?,?', [tensor('setElementType', 'u8'), tensor('setLayout', 'NHWC'), tensor('setShape', '1,?,?,3'), model('NCHW'), step('crop', [0, 1, 1, 0], [1, -1, 5, 3])], None, runs=[[['u8', [1, 6, 6, 3]]], [['u8', [1, 4, 9, 3]]]])

    # Colours.
    yuv = {'NV12_SINGLE_PLANE': [[12, 6, 1]], 'NV12_TWO_PLANES': [[8, 6, 1], [4, 3, 2]], 'I420_SINGLE_PLANE': [[12, 6, 1]], 'I420_THREE_PLANES': [[8, 6, 1], [4, 3, 1], [4, 3, 1]]}
    for color, planes in yuv.items():
        for to in ['RGB', 'BGR']:
            for kind in ['u8', 'f32']:
                calls = [tensor('setElementType', kind), tensor('setColorFormat', color), model('NCHW')]
                if len(planes) > 1 and to == 'BGR':
                    calls[1].append([f'p{i}' for i in range(len(planes))])
                calls.append(step('convertColor', to))
                if kind == 'u8':
                    calls.append(out('tensor', 'setElementType', 'u8'))
                l.add('color', '1,3,8,6', calls, [[kind, [1, *p]] for p in planes])
    l.add('color', '1,1,8,6', [tensor('setElementType', 'u8'), tensor('setColorFormat', 'NV12_TWO_PLANES'), model('NCHW'), step('convertColor', 'GRAY')], [['u8', [1, 8, 6, 1]], ['u8', [1, 4, 3, 2]]])
    for color, to in [('RGB', 'BGR'), ('BGR', 'RGB'), ('RGBX', 'RGB'), ('RGBX', 'BGR'), ('BGRX', 'RGB'), ('BGRX', 'BGR'), ('RGB', 'RGB')]:
        channels = len(color)
        kind = r.choice(['u8', 'f32'])
        l.add('color', '1,3,4,5', [tensor('setElementType', kind), tensor('setColorFormat', color), model('NCHW'), step('convertColor', to)], [[kind, [1, 4, 5, channels]]])
    for color in ['RGB', 'BGR']:
        for kind, layout in [('f32', 'NHWC'), ('u8', 'NHWC'), ('f32', 'NCHW'), ('u8', 'NCHW')]:
            l.add('color', '1,1,6,7', [tensor('setElementType', kind), tensor('setLayout', layout), tensor('setColorFormat', color), model('NCHW'), step('convertColor', 'GRAY')], [[kind, put(layout, 1, 3, 6, 7)]])
    l.add('color', '1,1,4,4', [tensor('setElementType', 'u8'), tensor('setColorFormat', 'GRAY'), model('NCHW')], [['u8', [1, 4, 4, 1]]])
    for layout in ['NHWC', 'NCHW', 'HWC']:
        l.add('color', '1,3,4,5', [tensor('setElementType', 'u8'), tensor('setLayout', layout), model('NCHW'), step('reverseChannels')], [['u8', put(layout, 1, 3, 4, 5)]])

    # Crop and pad.
    for begin, end in [([0, 0, 1, 2], [1, 3, 5, 6]), ([0, 1, 0, -4], [1, 2, 4, -1]), ([0, 0, 2, 0], [1, 3, 100, 4])]:
        size = [min(e if e >= 0 else n + e, n) - (b if b >= 0 else n + b) for b, e, n in zip(begin, end, [1, 3, 6, 7])]
        kind = r.choice(['u8', 'f32'])
        l.add('crop and pad', ','.join(map(str, size)), [tensor('setElementType', kind), tensor('setShape', [1, 3, 6, 7]), step('crop', begin, end)], [[kind, [1, 3, 6, 7]]])
    for mode in ['CONSTANT', 'REFLECT', 'SYMMETRIC']:
        for begin, end in [([0, 0, 1, 2], [0, 0, 2, 1]), ([0, 1, 0, 0], [0, 0, 3, 2])]:
            size = [b + e + n for b, e, n in zip(begin, end, [1, 3, 4, 5])]
            l.add('crop and pad', ','.join(map(str, size)), [tensor('setShape', [1, 3, 4, 5]), step('pad', begin, end, 1.5 if mode == 'CONSTANT' else 0, mode)], [['f32', [1, 3, 4, 5]]])
    l.add('crop and pad', '1,3,8,8', [tensor('setElementType', 'u8'), tensor('setLayout', 'NHWC'), tensor('setShape', [1, 9, 7, 3]), model('NCHW'), step('convertElementType', 'f32'), step('resize', 'RESIZE_LINEAR', 8, 6), step('pad', [0, 0, 0, 0], [0, 0, 2, 0], 114, 'CONSTANT'), step('scale', 255)], [['u8', [1, 9, 7, 3]]])

    # Steps of one's own.
    for op in ['abs', 'negative', 'addOne', 'timesTwo']:
        l.add('custom', '2,3', [step('custom', op)], [['f32', [2, 3]]])
    l.add('custom', '1,3,4,5', [tensor('setLayout', 'NHWC'), tensor('setElementType', 'u8'), step('convertElementType', 'f32'), step('custom', 'timesTwo'), step('mean', [1, 2, 3]), model('NCHW')], [['u8', [1, 4, 5, 3]]])

    # Outputs.
    for kind in ['f16', 'i32', 'u8', 'i64', 'f64', 'i8', 'boolean']:
        l.add('output', '3,5', [out('postprocess', 'custom', 'timesTwo'), out('tensor', 'setElementType', kind)], [['f32', [3, 5]]])
        l.add('output', '3,5', [out('postprocess', 'convertElementType', kind)], [['f32', [3, 5]]])
    for of, to in [('NCHW', 'NHWC'), ('NHWC', 'NCHW'), ('NC...', 'N...C'), ('NCHW', 'CNWH')]:
        l.add('output', '2,3,4,5', [out('model', 'setLayout', of), out('tensor', 'setLayout', to)], [['f32', [2, 3, 4, 5]]])
        l.add('output', '2,3,4,5', [out('model', 'setLayout', of), out('postprocess', 'convertLayout', to), out('tensor', 'setElementType', r.choice(['i32', 'f16']))], [['f32', [2, 3, 4, 5]]])
    l.add('output', '2,3,4,5', [out('postprocess', 'convertLayout', [0, 2, 3, 1])], [['f32', [2, 3, 4, 5]]])
    l.add('output', '2,3,4,5', [out('model', 'setLayout', 'NCHW'), out('postprocess', 'convertLayout', [0, 3, 1, 2]), out('tensor', 'setLayout', 'NHWC')], [['f32', [2, 3, 4, 5]]])
    l.add('output', '2,3', [out('postprocess', 'clamp', 0.5, 1.25), out('postprocess', 'custom', 'negative')], [['f32', [2, 3]]])
    l.add('output', '?,3,?,?', [out('model', 'setLayout', 'NCHW'), out('tensor', 'setLayout', 'NHWC'), out('tensor', 'setElementType', 'f16')], None, runs=[[['f32', [2, 3, 4, 5]]], [['f32', [1, 3, 2, 2]]]])

    # Two inputs and outputs, by index.
    l.add('several', '1,3,4,5', [tensor('setElementType', 'u8', i=1), tensor('setLayout', 'NHWC', i=1), model('NCHW', i=1), out('tensor', 'setElementType', 'i32', i=0), step('mean', 0.5, i=0)], [['f32', [1, 3, 4, 5]], ['u8', [1, 4, 5, 3]]], body='sum and difference')
    l.add('several', '1,3,8,6', [tensor('setElementType', 'u8', i=0), tensor('setColorFormat', 'NV12_TWO_PLANES', i=0), model('NCHW', i=0), step('convertColor', 'BGR', i=0), out('model', 'setLayout', 'NCHW', i=1), out('tensor', 'setLayout', 'NHWC', i=1)], [['u8', [1, 8, 6, 1]], ['u8', [1, 4, 3, 2]], ['f32', [1, 3, 8, 6]]], body='sum and difference')

    # Whole pipelines into a convolution, as photographs take. OpenVINO's CPU resizes tensors of three axes wrongly by the cubic and
    # Pillow's algorithms (not as with a batch of one), so those are left to four axes; bytes rounded on the way are compared above.
    for n in range(40):
        color = r.choice(['RGB', 'BGR', None, None, 'NV12_SINGLE_PLANE', 'BGRX'])
        kind = r.choice(['u8', 'u8', 'u8', 'f32'])
        layout = 'NHWC' if color else r.choice(['NHWC', 'NHWC', 'NCHW', 'HWC'])
        h, w = r.choice([(8, 8), (9, 12), (7, 10)]) if color != 'NV12_SINGLE_PLANE' else (8, 6)
        hh, ww = r.choice([(8, 8), (6, 9)])
        calls = [tensor('setElementType', kind), tensor('setLayout', layout), model('NCHW')]
        if color:
            calls.append(tensor('setColorFormat', color))
        resizes = r.random() < 0.5
        if resizes:
            calls.append(tensor('setSpatialDynamicShape') if r.random() < 0.4 else tensor('setSpatialStaticShape', h, w))
        algorithm = r.choice(ALGORITHMS if layout != 'HWC' else ALGORITHMS[:2])
        early = r.random() < 0.5 or algorithm != 'NEAREST' or color == 'NV12_SINGLE_PLANE'
        if early:
            calls.append(step('convertElementType', 'f32'))
        if color in ('NV12_SINGLE_PLANE', 'BGRX') or (color and r.random() < 0.5):
            calls.append(step('convertColor', r.choice(['RGB', 'BGR'])))
        if resizes:
            calls.append(step('resize', f'RESIZE_{algorithm}'))
        if not early:
            calls.append(step('convertElementType', 'f32'))
        if r.random() < 0.3 and not color:
            calls.append(step('reverseChannels'))
        if r.random() < 0.3:
            calls.append(step('convertLayout', 'NCHW'))
        if r.random() < 0.8:
            calls.append(step('mean', r.choice([[123.675, 116.28, 103.53], 127.5, [0.5, 0.25, 0.75]])))
        if r.random() < 0.8:
            calls.append(step('scale', r.choice([[58.395, 57.12, 57.375], 255, 127.5])))
        if r.random() < 0.3:
            calls += [out('model', 'setLayout', 'NCHW'), out('tensor', 'setLayout', 'NHWC')]
        sizes = (h, w)
        own = put(layout, 1, 4 if color == 'BGRX' else 3, *sizes)
        if color == 'NV12_SINGLE_PLANE':
            own = [1, h * 3 // 2, w, 1]
        shape = f'1,3,{hh},{ww}' if resizes else f'1,3,{h},{w}'
        l.add('pipeline', shape, calls, [[kind, own]], body=r.choice(['conv', 'conv', 'conv valid']))

    # What cannot be built.
    refused = lambda shape, *calls: l.add('refused', shape, list(calls), [], refused=True)
    refused('1,3,4,4', step('resize', 'RESIZE_LINEAR'))
    refused('1,3,4,4', step('mean', [1, 2, 3]))
    refused('1,3,4,4', tensor('setLayout', 'NCHW'), step('mean', [1, 2]))
    refused('1,3,4,4', tensor('setElementType', 'u8'), step('mean', 1))
    refused('1,3,4,4', tensor('setElementType', 'u8'), step('scale', 1))
    refused('1,3,4,4', step('reverseChannels'))
    refused('1,3,4,4', tensor('setShape', [1, 3, 5, 5]))
    refused('1,3,4,4', tensor('setLayout', 'NHWC'), model('NCHD'))
    refused('1,3,4,4', tensor('setLayout', 'NHWC'), model('NCDHW'))
    refused('1,3,4,4', tensor('setLayout', '?WC'), model('NCHW'))
    refused('1,3,4,4', tensor('setColorFormat', 'NV12_TWO_PLANES'), model('NCHW'))
    refused('1,3,4,4', tensor('setColorFormat', 'NV12_SINGLE_PLANE'), model('NCHW'))
    refused('1,3,4,4', tensor('setColorFormat', 'NV12_TWO_PLANES'), model('NCHW'), step('resize', 'RESIZE_LINEAR'))
    refused('1,3,4,4', tensor('setColorFormat', 'NV12_SINGLE_PLANE'), model('NCHW'), step('convertColor', 'GRAY'))
    refused('1,3,4,4', tensor('setColorFormat', 'RGBX'), model('NCHW'), step('convertColor', 'GRAY'))
    refused('1,3,?,?', tensor('setLayout', 'NHWC'), tensor('setSpatialDynamicShape'), model('NCHW'), step('resize', 'RESIZE_LINEAR'))
    refused('1,3,4,4', tensor('setLayout', 'NCHW'), step('convertLayout', [0, 1, 1, 2]))
    refused('1,3,4,4', step('convertLayout', [0, 1, 2, 7]))
    refused('1,3,4,4', tensor('setLayout', 'NCHW'), step('convertLayout', 'NCDHW'))
    refused('1,3,4,4', tensor('setSpatialDynamicShape'))
    refused('1,3,4,4', tensor('setElementType', 'u8'), step('pad', [0, 0, 1, 1], [0, 0, 1, 1], 0, 'CONSTANT'))
    refused('1,3,4,4', step('pad', [1, 1], [1, 1], 0, 'REFLECT'))
    refused('1,3,4,4', step('crop', [0, 0, 0], [1, 1, 1, 1]))
    refused('1,3,4,4', out('model', 'setLayout', 'NCHW'), out('tensor', 'setLayout', 'HWC'))
    refused('1,3,4,4', out('postprocess', 'convertLayout', [0, 1]))
    refused('1,3,4,4', tensor('setLayout', 'NN'))
    return l.all

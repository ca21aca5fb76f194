"""Writes small models in the shapes that exporters and quantisers give real networks, with what onnxruntime gives for them.

    python patterns.py ../../conformance/data/patterns.zip        needs onnx, onnxruntime, numpy
"""
import numpy as np
from onnx import helper as h, numpy_helper as nh

from peer import case, f, finish, network, node as n, rng

i64, i32, u8, i8, f16 = np.int64, np.int32, np.uint8, np.int8, np.float16
F = lambda *s: f(*s) * np.float32(0.5)
I = lambda *v: np.array(v, i64)


# ---- recurrent
def recurrent(name, op, gates, direction, lengths, first, dims=(5, 3, 4, 6), layout=0, opset=14, extra={}, peep=False, bias=True, sets=2):
    t, b, i, k = dims
    d = 2 if direction == "bidirectional" else 1
    inits = {"w": F(d, gates * k, i), "r": F(d, gates * k, k)}
    if bias: inits["b"] = F(d, 2 * gates * k)
    if peep: inits["p"] = F(d, 3 * k)
    order = (lambda *s: (s[1], s[0]) + s[2:]) if layout else (lambda *s: s)
    dims_x = ["B", "T", i] if layout else ["T", "B", i]
    feeds = []
    for s in range(sets):
        tt, bb = t + 2 * s, b - s
        one = {"x": f(*order(tt, bb, i))}
        if lengths: one["len"] = np.array([tt - (q % tt) for q in range(bb)], i32)
        if first:
            one["h0"] = f(*order(d, bb, k))
            if op == "LSTM": one["c0"] = f(*order(d, bb, k))
        feeds.append(one)
    args = ["x", "w", "r", "b" if bias else "", "len" if lengths else "", "h0" if first else "", "c0" if first and op == "LSTM" else "", "p" if peep else ""]
    ports = [("x", dims_x)] + ([("len", ["B"])] if lengths else []) + ([("h0", ["B", d, k] if layout else [d, "B", k])] if first else []) + ([("c0", ["B", d, k] if layout else [d, "B", k])] if first and op == "LSTM" else [])
    out = ["y", "yh"] + (["yc"] if op == "LSTM" else [])
    attrs = dict(hidden_size=k, direction=direction, **extra)
    if layout: attrs["layout"] = 1
    while args and not args[-1]: args.pop()
    network(name, [n(op, args, out, **attrs)], ports, out, inits, feeds, opset=opset)


for op, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
    for direction in ("forward", "reverse", "bidirectional"):
        for lengths in (False, True):
            recurrent(f"{op}_{direction}_{'lengths' if lengths else 'full'}", op, gates, direction, lengths, lengths)
recurrent("LSTM_peepholes", "LSTM", 4, "bidirectional", True, True, peep=True)
recurrent("LSTM_clip", "LSTM", 4, "forward", False, False, extra=dict(clip=0.2))
recurrent("LSTM_nobias_opset7", "LSTM", 4, "bidirectional", False, True, opset=7, bias=False)
recurrent("GRU_linear_lengths", "GRU", 3, "bidirectional", True, True, extra=dict(linear_before_reset=1))
recurrent("GRU_relu", "GRU", 3, "forward", False, True, extra=dict(activations=["HardSigmoid", "Relu"], activation_alpha=[.3], activation_beta=[.4]))
recurrent("RNN_relu", "RNN", 1, "bidirectional", True, False, extra=dict(activations=["Relu", "Tanh"]))

# a speech-like stack: convolution, transposition, two bidirectional layers, their directions joined, a classifier per step
k = 6
network("crnn",
    [n("Conv", "x cw cb", "c", kernel_shape=[3], pads=[1, 1]), n("Relu", "c", "cr"), n("Transpose", "cr", "t", perm=[2, 0, 1]),
     n("LSTM", "t w1 r1 b1", "y1", hidden_size=k, direction="bidirectional"),
     n("Transpose", "y1", "y1t", perm=[0, 2, 1, 3]), n("Reshape", "y1t flat", "f1"),
     n("GRU", "f1 w2 r2 b2", "y2 h2", hidden_size=k, direction="bidirectional", linear_before_reset=1),
     n("Transpose", "y2", "y2t", perm=[0, 2, 1, 3]), n("Reshape", "y2t flat", "f2"),
     n("MatMul", "f2 fw", "m"), n("Add", "m fb", "a"), n("LogSoftmax", "a", "out", axis=2)],
    [("x", ["B", 4, "T"])], ["out", "h2"],
    {"cw": F(5, 4, 3), "cb": F(5), "w1": F(2, 4 * k, 5), "r1": F(2, 4 * k, k), "b1": F(2, 8 * k), "flat": I(0, 0, -1), "w2": F(2, 3 * k, 2 * k),
     "r2": F(2, 3 * k, k), "b2": F(2, 6 * k), "fw": F(2 * k, 7), "fb": F(7)},
    [{"x": f(2, 4, 9)}, {"x": f(1, 4, 5)}], opset=13)


# ---- quantised
def q8(*s): return rng.integers(-127, 128, s).astype(i8)
def s(*v): return np.array(v if len(v) > 1 else v[0], np.float32)

def scales(c): return (rng.random(c) * 0.01 + 0.005).astype(np.float32)

# QDQ as static quantisation writes it: activations by tensor, weights by channel, bias in i32
def qdq(name, act, opset, wtype=i8):
    zero = np.array(128 if act == u8 else 3, act)
    inits = {"sx": s(0.02), "zx": zero, "w": q8(6, 3, 3, 3).astype(wtype), "sw": scales(6), "zw": np.zeros(6, wtype), "b": rng.integers(-500, 500, 6).astype(i32), "sb": scales(6) * np.float32(0.02), "zb": np.zeros(6, i32),
             "sy": s(0.03), "zy": zero, "w2": q8(6, 5), "sw2": scales(5), "zw2": np.zeros(5, i8), "sg": s(0.015), "zg": zero}
    inits["sb"] = inits["sx"] * inits["sw"]
    network(name,
        [n("QuantizeLinear", "x sx zx", "qx"), n("DequantizeLinear", "qx sx zx", "dx"), n("DequantizeLinear", "w sw zw", "dw", axis=0),
         n("DequantizeLinear", "b sb zb", "db", axis=0), n("Conv", "dx dw db", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]), n("Relu", "c", "r"),
         n("QuantizeLinear", "r sy zy", "qy"), n("DequantizeLinear", "qy sy zy", "dy"), n("MaxPool", "dy", "mp", kernel_shape=[2, 2], strides=[2, 2]),
         n("QuantizeLinear", "mp sy zy", "qm"), n("DequantizeLinear", "qm sy zy", "dm"), n("GlobalAveragePool", "dm", "g"), n("QuantizeLinear", "g sg zg", "qg"), n("DequantizeLinear", "qg sg zg", "dg"),
         n("Flatten", "dg", "fl"), n("DequantizeLinear", "w2 sw2 zw2", "dw2", axis=1), n("Gemm", "fl dw2", "out")],
        [("x", ["N", 3, "H", "W"])], ["out"], inits, [{"x": f(2, 3, 12, 12) * 2}, {"x": f(1, 3, 9, 16) * 2}], opset=opset)
qdq("qdq_u8", u8, 13)
qdq("qdq_i8", i8, 17)

# residual block in QDQ with Add, Mul by a sigmoid, Concat, Resize
network("qdq_blocks",
    [n("QuantizeLinear", "x s1 z1", "q1"), n("DequantizeLinear", "q1 s1 z1", "d1"),
     n("DequantizeLinear", "w sw", "dw", axis=0), n("Conv", "d1 dw", "c", kernel_shape=[1, 1]), n("QuantizeLinear", "c s2 z2", "q2"), n("DequantizeLinear", "q2 s2 z2", "d2"),
     n("Sigmoid", "d2", "sg"), n("QuantizeLinear", "sg s3 z3", "q3"), n("DequantizeLinear", "q3 s3 z3", "d3"), n("Mul", "d2 d3", "m"), n("QuantizeLinear", "m s2 z2", "q4"), n("DequantizeLinear", "q4 s2 z2", "d4"),
     n("Add", "d4 d1", "a"), n("QuantizeLinear", "a s2 z2", "q5"), n("DequantizeLinear", "q5 s2 z2", "d5"),
     n("Concat", "d5 d1", "cc", axis=1), n("QuantizeLinear", "cc s2 z2", "q6"), n("DequantizeLinear", "q6 s2 z2", "d6"), n("Resize", ["d6", "", "sc"], "out", mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")],
    [("x", ["N", 4, "H", "W"])], ["out"],
    {"s1": s(0.01), "z1": np.array(120, u8), "w": q8(4, 4, 1, 1), "sw": scales(4), "s2": s(0.02), "z2": np.array(130, u8), "s3": s(1 / 256), "z3": np.array(0, u8), "sc": s(1, 1, 2, 2)},
    [{"x": f(1, 4, 5, 6)}, {"x": f(2, 4, 3, 3)}], opset=13)

# QOperator
def qoperator(name, act, wt, per_channel):
    zx, zy = np.array(100 if act == u8 else -5, act), np.array(7 if act == u8 else 4, act)
    w = q8(8, 2, 3, 3) if wt == i8 else rng.integers(0, 256, (8, 2, 3, 3)).astype(u8)
    sw, zw = (scales(8), np.zeros(8, wt) if wt == i8 else np.full(8, 128, u8)) if per_channel else (s(0.01), np.array(0 if wt == i8 else 127, wt))
    network(name,
        [n("QuantizeLinear", "x sx zx", "q"), n("QLinearConv", "q sx zx w sw zw sy zy b", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1], group=2),
         n("QLinearAdd", "c sy zy c sy zy sa za", "a", domain="com.microsoft"), n("QLinearGlobalAveragePool", "a sa za sa za", "g", domain="com.microsoft"), n("Flatten", "g", "fl"),
         n("QLinearMatMul", "fl sa za w2 sw2 zw2 so zo", "mm"), n("DequantizeLinear", "mm so zo", "out")],
        [("x", ["N", 4, "H", "W"])], ["out", "c"],
        {"sx": s(0.02), "zx": zx, "w": w, "sw": sw, "zw": zw, "sy": s(0.05), "zy": zy, "b": rng.integers(-300, 300, 8).astype(i32), "sa": s(0.1), "za": zx,
         "w2": q8(8, 5) if wt == i8 else rng.integers(0, 256, (8, 5)).astype(u8), "sw2": s(0.02), "zw2": np.array(0 if wt == i8 else 120, wt), "so": s(0.04), "zo": zy},
        [{"x": f(2, 4, 6, 7)}, {"x": f(1, 4, 8, 5)}], opset=13)
qoperator("qoperator_u8u8", u8, u8, False)
qoperator("qoperator_u8i8_channel", u8, i8, True)
qoperator("qoperator_i8i8_channel", i8, i8, True)

# dynamic quantisation: MatMulInteger and ConvInteger with scales multiplied afterwards
network("dynamic_matmul",
    [n("DynamicQuantizeLinear", "x", "q s z"), n("MatMulInteger", "q w z zw", "mi"), n("Cast", "mi", "mf", to=1), n("Mul", "s sw", "ss"), n("Mul", "mf ss", "m"), n("Add", "m b", "out")],
    [("x", ["N", "T", 8])], ["out"], {"w": rng.integers(0, 256, (8, 6)).astype(u8), "zw": np.array(121, u8), "sw": s(0.01), "b": f(6)}, [{"x": f(2, 3, 8)}, {"x": f(1, 7, 8)}], opset=11)
network("dynamic_matmul_channel",
    [n("DynamicQuantizeLinear", "x", "q s z"), n("MatMulInteger", "q w z zw", "mi"), n("Cast", "mi", "mf", to=1), n("Mul", "s sw", "ss"), n("Mul", "mf ss", "m"), n("Add", "m b", "out")],
    [("x", ["N", 8])], ["out"], {"w": q8(8, 6), "zw": np.zeros(6, i8), "sw": scales(6), "b": f(6)}, [{"x": f(5, 8)}, {"x": f(1, 8)}], opset=13)
network("dynamic_conv",
    [n("DynamicQuantizeLinear", "x", "q s z"), n("ConvInteger", "q w z zw", "ci", kernel_shape=[3, 3], pads=[1, 1, 1, 1]), n("Cast", "ci", "cf", to=1), n("Mul", "s sw", "ss"), n("Mul", "cf ss", "m"), n("Add", "m b", "out")],
    [("x", ["N", 3, "H", "W"])], ["out"], {"w": rng.integers(0, 256, (4, 3, 3, 3)).astype(u8), "zw": np.array(128, u8), "sw": s(0.01), "b": f(1, 4, 1, 1)}, [{"x": f(1, 3, 6, 5)}], opset=11)
network("dynamic_lstm",
    [n("DynamicQuantizeLSTM", ["x", "w", "r", "b", "", "", "", "", "sw", "zw", "sr", "zr"], ["y", "h", "c"], domain="com.microsoft", hidden_size=5, direction="bidirectional")],
    [("x", ["T", "B", 4])], ["y", "h", "c"], {"w": q8(2, 4, 20), "r": q8(2, 5, 20), "b": F(2, 40), "sw": scales(2), "zw": np.zeros(2, i8), "sr": scales(2), "zr": np.zeros(2, i8)}, [{"x": f(4, 1, 4)}], opset=13)
network("qdq_blocked_weights", [n("DequantizeLinear", "w sw zw", "dw", axis=0, block_size=4), n("MatMul", "x dw", "out")],
    [("x", ["N", 8])], ["out"], {"w": ("u4", rng.integers(0, 16, (8, 6))), "sw": (rng.random((2, 6)) * .1).astype(np.float32), "zw": ("u4", rng.integers(0, 16, (2, 6)))}, [{"x": f(3, 8)}], opset=21)
network("qdq_u16", [n("QuantizeLinear", "x s z", "q"), n("DequantizeLinear", "q s z", "d"), n("Tanh", "d", "out")], [("x", ["N", 8])], ["out"], {"s": s(0.001), "z": np.array(32768, np.uint16)}, [{"x": f(3, 8)}], opset=21)
network("qdq_microsoft", [n("QuantizeLinear", "x s z", "q", domain="com.microsoft"), n("DequantizeLinear", "q s z", "d", domain="com.microsoft"), n("Softmax", "d", "out")], [("x", ["N", 8])], ["out"], {"s": s(0.001), "z": np.array(32768, np.uint16)}, [{"x": f(3, 8)}], opset=13)

# ---- old opsets
network("opset7_cnn",
    [n("Conv", "x w", "c", kernel_shape=[3, 3], auto_pad="SAME_UPPER", strides=[2, 2]), n("BatchNormalization", "c g b m v", "bn", epsilon=1e-3), n("LeakyRelu", "bn", "l", alpha=0.1),
     n("Upsample", "l", "u", scales=[1.0, 1.0, 2.0, 2.0], mode="nearest"), n("Dropout", "u", "d", ratio=0.3), n("GlobalAveragePool", "d", "gp"), n("Reshape", "gp shp", "rs"), n("Gemm", "rs fw fb", "gm", transB=1), n("Softmax", "gm", "out")],
    [("x", ["N", 3, "H", "W"])], ["out"], {"w": F(4, 3, 3, 3), "g": F(4), "b": F(4), "m": F(4), "v": np.abs(F(4)) + .1, "shp": I(-1, 4), "fw": F(5, 4), "fb": F(5)}, [{"x": f(1, 3, 7, 8)}, {"x": f(2, 3, 6, 6)}], opset=7)
network("opset8_sum",
    [n("Slice", "x", "a", axes=[1], starts=[0], ends=[2]), n("Slice", "x", "b", axes=[1], starts=[-2], ends=[2147483647]), n("Sum", "a b", "s"), n("Pad", "s", "p", pads=[0, 0, 1, 2, 0, 0, 1, 0], mode="reflect"), n("Squeeze", "k", "ks", axes=[0]), n("Mul", "p ks", "m"), n("Clip", "m", "c", min=-0.5, max=0.5), n("ReduceMean", "c", "r", axes=[2, 3], keepdims=0), n("TopK", "r", "tv ti", k=2, axis=1), n("ArgMax", "c", "am", axis=1, keepdims=0), n("Unsqueeze", "c", "out", axes=[0])],
    [("x", ["N", 4, 5, 6])], ["out", "tv", "ti", "am"], {"k": F(1, 1)}, [{"x": f(2, 4, 5, 6)}], opset=8)
network("opset9_upsample", [n("Upsample", "x s", "y", mode="linear"), n("Where", "c y z", "out")], [("x", [1, 2, 4, 5])], ["out"], {"s": s(1., 1., 2., 3.), "c": np.array([True, False, True] * 5), "z": np.zeros((1, 1, 1, 1), np.float32)}, [{"x": f(1, 2, 4, 5)}], opset=9)
network("opset10_dropout_mask", [n("Dropout", "x", "y m"), n("Resize", "y s", "r", mode="nearest"), n("Slice", "r st en ax sp", "out")], [("x", ["N", 2, 4])], ["out", "m"], {"s": s(1., 1., 2.), "st": I(-1), "en": I(-100), "ax": I(2), "sp": I(-2)}, [{"x": f(3, 2, 4)}], opset=10)
network("opset11_softmax_flat", [n("Softmax", "x", "y", axis=1), n("LogSoftmax", "x", "z", axis=2), n("Hardmax", "x", "hm", axis=1), n("CumSum", "y ax", "out")], [("x", ["N", 3, 4])], ["out", "z", "hm"], {"ax": np.array(2, i32)}, [{"x": f(2, 3, 4)}], opset=11)

# ---- control flow
b = lambda name, nodes, ins, outs, inits={}: h.make_graph(nodes, name, ins, outs, [nh.from_array(v, k) for k, v in inits.items()])
v = lambda name, t=1, shape=None: h.make_tensor_value_info(name, t, shape)
body = b("body", [n("Add", "acc w", "a2"), n("Mul", "a2 outer", "nx"), n("ReduceSum", "nx", "sm", keepdims=0), n("Less", "sm lim", "go"), n("Identity", "nx", "col")],
    [v("i", 7, []), v("cond", 9, []), v("acc", 1, None)], [v("go", 9), v("nx"), v("col")], {"lim": np.array(40, np.float32)})
network("loop_until", [n("Relu", "x", "outer"), n("Loop", ["", "t", "x"], ["last", "all"], body=body)], [("x", ["N", 3])], ["last", "all"], {"w": f(3) + 1, "t": np.array(True)}, [{"x": f(2, 3) + 2}, {"x": f(1, 3) + 1.5}], opset=13)
body = b("body", [n("Identity", "c", "c2"), n("Gather", "x i", "row", axis=0), n("Add", "row st", "st2"), n("Identity", "st2", "col")], [v("i", 7, []), v("c", 9, []), v("st", 1, [3])], [v("c2", 9), v("st2"), v("col")])
network("loop_rows", [n("Shape", "x", "sh"), n("Gather", "sh zero", "cnt", axis=0), n("Loop", ["cnt", "", "init"], ["fin", "rows"], body=body)], [("x", ["N", 3])], ["fin", "rows"], {"zero": np.array(0, i64), "init": np.zeros(3, np.float32)}, [{"x": f(4, 3)}, {"x": f(1, 3)}], opset=16)
# growing state: concatenation in a loop
body = b("body", [n("Identity", "c", "c2"), n("ReduceSum", "st", "q", keepdims=1), n("Concat", "st q", "st2", axis=0)], [v("i", 7, []), v("c", 9, []), v("st", 1, ["K"])], [v("c2", 9), v("st2")])
network("loop_growing", [n("Loop", ["m", "t", "x"], ["fin"], body=body)], [("x", ["N"])], ["fin"], {"m": np.array(5, i64), "t": np.array(True)}, [{"x": f(2)}, {"x": f(1)}], opset=13)
then = b("then", [n("MatMul", "x w1", "o1")], [], [v("o1")]); other = b("other", [n("MatMul", "x w2", "o2a"), n("Relu", "o2a", "o2")], [], [v("o2")])
network("if_shapes", [n("ReduceSum", "x", "sm", keepdims=0), n("Greater", "sm zero", "c"), n("If", "c", "y", then_branch=then, else_branch=other), n("Tanh", "y", "out")], [("x", ["N", 4])], ["out"], {"w1": F(4, 3), "w2": F(4, 3), "zero": np.array(0, np.float32)}, [{"x": f(2, 4) + 1}, {"x": f(3, 4) - 1}], opset=13)
then = b("then", [n("Squeeze", "x one", "o1")], [], [v("o1")]); other = b("other", [n("Identity", "x", "o2")], [], [v("o2")])
network("if_ranks", [n("Shape", "x", "sh"), n("Gather", "sh idx", "d", axis=0), n("Equal", "d one0", "c"), n("If", "c", "y", then_branch=then, else_branch=other)], [("x", ["N", "K"])], ["y"], {"one": I(1), "idx": np.array(1, i64), "one0": np.array(1, i64)}, [{"x": f(3, 1)}, {"x": f(3, 2)}], opset=13)
inner = b("inner", [n("Add", "s e", "s2"), n("Mul", "s2 g", "y")], [v("s", 1, [4]), v("e", 1, [4])], [v("s2", 1, [4]), v("y", 1, [4])])
network("scan_states", [n("Sigmoid", "gate", "g"), n("Scan", "s0 x", "last ys", body=inner, num_scan_inputs=1, scan_input_directions=[1], scan_output_directions=[1])], [("x", ["T", 4]), ("s0", [4])], ["last", "ys"], {"gate": f(4)}, [{"x": f(3, 4), "s0": f(4)}, {"x": f(6, 4), "s0": f(4)}], opset=13)
inner2 = b("b2", [n("If", "p", "z", then_branch=b("t2", [n("Add", "st w", "z1")], [], [v("z1")]), else_branch=b("e2", [n("Sub", "st w", "z2")], [], [v("z2")])), n("Identity", "c", "c2")], [v("i", 7, []), v("c", 9, []), v("st", 1, [3])], [v("c2", 9), v("z")])
network("loop_if", [n("Cast", "k", "p", to=9), n("Loop", ["m", "", "x"], ["out"], body=inner2)], [("x", [3]), ("k", [])], ["out"], {"m": np.array(4, i64), "w": f(3)}, [{"x": f(3), "k": np.array(1, i64)}, {"x": f(3), "k": np.array(0, i64)}], opset=14)

# ---- shapes as exporters write them
network("reshape_chain", [n("Shape", "x", "s"), n("Gather", "s i0", "b0", axis=0), n("Gather", "s i1", "t0", axis=0), n("Unsqueeze", "b0 ax", "b1"), n("Unsqueeze", "t0 ax", "t1"), n("Concat", "b1 t1 h hd", "sh", axis=0), n("Reshape", "x sh", "r"), n("Transpose", "r", "tr", perm=[0, 2, 1, 3]), n("MatMul", "tr k", "qk"), n("Div", "qk rt", "sc"), n("Softmax", "sc", "sm", axis=-1), n("Shape", "sm", "s2"), n("ConstantOfShape", "s2", "z", value=h.make_tensor("v", 1, [1], [1.5])), n("Add", "sm z", "out")],
    [("x", ["B", "T", 8])], ["out"], {"i0": np.array(0, i64), "i1": np.array(1, i64), "ax": I(0), "h": I(2), "hd": I(4), "k": F(4, 5), "rt": np.array(2, np.float32)}, [{"x": f(2, 3, 8)}, {"x": f(1, 5, 8)}], opset=13)
network("causal_mask", [n("Shape", "x", "s"), n("Gather", "s i1", "t", axis=0), n("Range", "z t one", "r"), n("Unsqueeze", "r a1", "c"), n("Unsqueeze", "r a0", "w"), n("LessOrEqual", "w c", "m"), n("Where", "m y ninf", "ww"), n("Softmax", "ww", "out", axis=-1), n("Trilu", "ww k", "tl", upper=0)], [("x", ["B", "T"]), ("y", ["T", "T"])], ["out", "tl"], {"i1": np.array(1, i64), "z": np.array(0, i64), "one": np.array(1, i64), "a1": I(1), "a0": I(0), "ninf": np.array(-1e9, np.float32), "k": np.array(-1, i64)}, [{"x": f(1, 4), "y": f(4, 4)}, {"x": f(1, 2), "y": f(2, 2)}], opset=14)
network("expand_where", [n("Shape", "x", "s"), n("Expand", "w s", "e"), n("Equal", "x w", "q"), n("Not", "q", "nq"), n("And", "nq msk", "am"), n("Where", "am x e", "o"), n("Einsum", "o o", "out", equation="bij,bkj->bik")], [("x", ["B", 3, 4])], ["out"], {"w": f(4), "msk": np.array([[True], [False], [True]])}, [{"x": f(2, 3, 4)}], opset=13)
network("nonzero_gather", [n("Greater", "x z", "c"), n("NonZero", "c", "nz"), n("Transpose", "nz", "t", perm=[1, 0]), n("GatherND", "x t", "p"), n("Shape", "p", "np"), n("ReduceSum", "p", "out", keepdims=1), n("TopK", "x kk", "tv ti", axis=1, largest=0)], [("x", ["N", 4])], ["p", "np", "out", "tv", "ti"], {"z": np.array(0, np.float32), "kk": I(2)}, [{"x": f(3, 4)}, {"x": -np.abs(f(2, 4)) - 1}], opset=13)
network("empty_initialisers", [n("Resize", "x roi sc0 sz", "r", mode="linear", coordinate_transformation_mode="pytorch_half_pixel"), n("Concat", "e v", "sh", axis=0), n("Reshape", "r sh", "rr"), n("Reshape", "one e", "sc"), n("Mul", "rr sc", "out")], [("x", [1, 2, 3, 4])], ["out"], {"roi": np.zeros(0, np.float32), "sc0": np.zeros(0, np.float32), "sz": I(1, 2, 6, 5), "e": np.zeros(0, i64), "v": I(2, -1), "one": np.full((1,), 3, np.float32)}, [{"x": f(1, 2, 3, 4)}], opset=13)
network("resize_dynamic_sizes", [n("Shape", "y", "s"), n("Slice", "s two four", "hw"), n("Shape", "x", "sx"), n("Slice", "sx zero two", "nc"), n("Concat", "nc hw", "sz", axis=0), n("Resize", ["x", "", "", "sz"], "r", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"), n("Concat", "r y", "out", axis=1)], [("x", ["N", 2, "h", "w"]), ("y", ["N", 3, "H", "W"])], ["out"], {"zero": I(0), "two": I(2), "four": I(4)}, [{"x": f(1, 2, 3, 4), "y": f(1, 3, 6, 8)}, {"x": f(2, 2, 5, 2), "y": f(2, 3, 7, 3)}], opset=13)
network("sequences", [n("SplitToSequence", "x sp", "sq", axis=0), n("SequenceAt", "sq one", "a"), n("SequenceInsert", "sq a", "sq2"), n("ConcatFromSequence", "sq2", "out", axis=0), n("SequenceLength", "sq2", "ln")], [("x", [6, 3])], ["out", "ln"], {"sp": I(1, 2, 3), "one": np.array(1, i64)}, [{"x": f(6, 3)}], opset=13)
network("split_dynamic", [n("Split", "x", "a b c", axis=1, num_outputs=3), n("Neg", "c", "d"), n("Concat", "d a b", "out", axis=1)], [("x", ["N", "K"])], ["out", "c"], {}, [{"x": f(2, 7)}, {"x": f(1, 9)}], opset=18)
network("f16_mixed", [n("Cast", "x", "h", to=10), n("MatMul", "h w", "m"), n("Cast", "m", "mf", to=1), n("LayerNormalization", "mf g b", "ln", axis=-1), n("Cast", "ln", "lh", to=10), n("Tanh", "lh", "ge"), n("Cast", "ge", "out", to=1)], [("x", ["N", 8])], ["out"], {"w": F(8, 8).astype(f16), "g": f(8), "b": f(8)}, [{"x": f(3, 8)}], opset=17)
network("nms", [n("Transpose", "s", "st", perm=[0, 2, 1]), n("NonMaxSuppression", "b st mx iou sc", "sel"), n("Gather", "sel two", "bi", axis=1), n("Squeeze", "bi ax", "bs"), n("Gather", "b bs", "out", axis=1)], [("b", [1, "M", 4]), ("s", [1, "M", 3])], ["sel", "out"], {"mx": I(3), "iou": s(.5), "sc": s(.2), "two": I(2), "ax": I(1)},
    [{"b": np.concatenate([rng.random((1, 9, 2)), 1 + rng.random((1, 9, 2))], 2).astype(np.float32), "s": rng.random((1, 9, 3)).astype(np.float32)}], opset=13)
network("kv_cache", [n("MatMul", "x wq", "q"), n("MatMul", "x wk", "k"), n("Concat", "past k", "present", axis=1), n("Transpose", "present", "kt", perm=[0, 2, 1]), n("MatMul", "q kt", "sc"), n("Softmax", "sc", "p", axis=-1), n("MatMul", "p present", "out")], [("x", ["B", "T", 8]), ("past", ["B", "P", 8])], ["out", "present"], {"wq": F(8, 8), "wk": F(8, 8)}, [{"x": f(1, 3, 8), "past": np.zeros((1, 0, 8), np.float32)}, {"x": f(1, 1, 8), "past": f(1, 3, 8)}], opset=13)
network("instance_norm", [n("InstanceNormalization", "x g b", "i"), n("PRelu", "i sl", "pr"), n("ConvTranspose", "pr w", "ct", strides=[2, 2], output_padding=[1, 1], pads=[1, 1, 1, 1]), n("DepthToSpace", "ct", "out", blocksize=2, mode="CRD"), n("GlobalMaxPool", "ct", "gm")], [("x", ["N", 3, "H", "W"])], ["out", "gm"], {"g": f(3), "b": f(3), "sl": np.abs(f(3, 1, 1)), "w": F(3, 4, 3, 3)}, [{"x": f(1, 3, 4, 5)}, {"x": f(2, 3, 3, 3)}], opset=13)
network("grid_sample", [n("Identity", "g0", "gr"), n("GridSample", "x gr", "out", mode="bilinear", padding_mode="border", align_corners=1)], [("x", [1, 2, 5, 6]), ("g0", [1, 3, 4, 2])], ["out"], {}, [{"x": f(1, 2, 5, 6), "g0": f(1, 3, 4, 2) * 1.3}], opset=16)

# quantised forms
def qconv(name,wshape,xshape,dims,**attrs):
    c=wshape[0]
    network(name,[n("QLinearConv","x sx zx w sw zw sy zy","y",**attrs)],[("x",dims)],["y"],{"sx":s(.02),"zx":np.array(9,u8),"w":q8(*wshape),"sw":scales(c),"zw":np.zeros(c,i8),"sy":s(.07),"zy":np.array(130,u8)},[{"x":rng.integers(0,256,xshape).astype(u8)}],opset=10)
qconv("qconv_depthwise",(6,1,3,3),(1,6,8,8),["N",6,"H","W"],group=6,pads=[1,1,1,1],strides=[2,2])
qconv("qconv_1d",(4,3,5),(1,3,20),["N",3,"L"],pads=[2,2])
network("convinteger_grouped",[n("ConvInteger","x w zx","y",group=2,pads=[1,1,1,1])],[("x",["N",4,"H","W"])],["y"],{"w":rng.integers(0,256,(6,2,3,3)).astype(u8),"zx":np.array(77,u8)},[{"x":rng.integers(0,256,(1,4,5,5)).astype(u8)}],opset=10)
network("matmulinteger_batch",[n("MatMulInteger","x w zx zw","y")],[("x",["B",3,8])],["y"],{"w":q8(8,5),"zx":np.array(11,u8),"zw":np.array(-3,i8)},[{"x":rng.integers(0,256,(2,3,8)).astype(u8)}],opset=10)
network("qdq_convtranspose",[n("QuantizeLinear","x s z","q"),n("DequantizeLinear","q s z","d"),n("DequantizeLinear","w sw zw","dw",axis=1),n("ConvTranspose","d dw","out",strides=[2,2],kernel_shape=[2,2])],[("x",["N",3,"H","W"])],["out"],{"s":s(.02),"z":np.array(128,u8),"w":q8(3,5,2,2),"sw":scales(5),"zw":np.zeros(5,i8)},[{"x":f(1,3,4,5)}],opset=13)
network("qdq_matmul_bert",[n("QuantizeLinear","x s z","q"),n("DequantizeLinear","q s z","d"),n("DequantizeLinear","w sw zw","dw",axis=-1),n("MatMul","d dw","m"),n("Add","m b","a"),n("QuantizeLinear","a s2 z2","q2"),n("DequantizeLinear","q2 s2 z2","d2"),n("LayerNormalization","d2 g be","ln"),n("Gelu","ln","out",domain="com.microsoft")],[("x",["B","T",8])],["out"],{"s":s(.02),"z":np.array(0,i8),"w":q8(8,8),"sw":scales(8),"zw":np.zeros(8,i8),"b":f(8),"s2":s(.03),"z2":np.array(2,i8),"g":f(8),"be":f(8)},[{"x":f(2,3,8)}],opset=17)
network("qlinear_softmax_etc",[n("QuantizeLinear","x s z","q"),n("QLinearLeakyRelu","q s z s2 z2","l",domain="com.microsoft",alpha=.1),n("QLinearSigmoid","l s2 z2 s3 z3","g",domain="com.microsoft"),n("QLinearMul","l s2 z2 g s3 z3 s2 z2","m",domain="com.microsoft"),n("QLinearConcat","s2 z2 m s2 z2 q s z","c",domain="com.microsoft",axis=1),n("QLinearAveragePool","c s2 z2 s2 z2","p",domain="com.microsoft",kernel_shape=[2,2],pads=[1,1,0,0]),n("DequantizeLinear","p s2 z2","out")],[("x",["N",2,4,4])],["out"],{"s":s(.011),"z":np.array(128,u8),"s2":s(.017),"z2":np.array(120,u8),"s3":s(1/256),"z3":np.array(0,u8)},[{"x":f(1,2,4,4)}],opset=13)
network("qgemm",[n("QuantizeLinear","x s z","q"),n("QGemm","q s z w sw zw b so zo","y",domain="com.microsoft",transB=1),n("DequantizeLinear","y so zo","out")],[("x",["N",6])],["out"],{"s":s(.011),"z":np.array(128,u8),"w":q8(4,6),"sw":scales(4),"zw":np.zeros(4,i8),"b":rng.integers(-200,200,4).astype(i32),"so":s(.02),"zo":np.array(111,u8)},[{"x":f(3,6)}],opset=13)
network("matmulnbits" ,[n("MatMulNBits","x w sc zp","y",domain="com.microsoft",K=40,N=6,bits=4,block_size=16)],[("x",["B","T",40])],["y"],{"w":rng.integers(0,256,(6,3,8)).astype(u8),"sc":scales(18),"zp":rng.integers(0,256,(6*2,)).astype(u8)},[{"x":f(1,3,40)}],opset=17)
network("matmulnbits_order" ,[n("MatMulNBits",["x","w","sc","","gi"],"y",domain="com.microsoft",K=32,N=6,bits=4,block_size=16)],[("x",["B","T",32])],["y"],{"w":rng.integers(0,256,(6,2,8)).astype(u8),"sc":scales(12),"gi":rng.integers(0,2,32).astype(i32)},[{"x":f(1,3,32)}],opset=17)
# recurrent oddities
for op,g in (("LSTM",4),("GRU",3),("RNN",1)):
    network(op+"_len0",[n(op,["x","w","r","b","len"],["y","h"],hidden_size=5,direction="bidirectional")],[("x",["T","B",4]),("len",["B"])],["y","h"],{"w":F(2,5*g,4),"r":F(2,5*g,5),"b":F(2,10*g)},[{"x":f(4,3,4),"len":np.array([0,4,2],i32)}],opset=14)
    network(op+"_t1",[n(op,["x","w","r","b"],["y","h"],hidden_size=5)],[("x",["T","B",4])],["y","h"],{"w":F(1,5*g,4),"r":F(1,5*g,5),"b":F(1,10*g)},[{"x":f(1,3,4)},{"x":f(2,1,4)}],opset=14)
    network(op+"_onlyh",[n(op,["x","w","r"],["","h"],hidden_size=5,direction="reverse")],[("x",["T","B",4])],["h"],{"w":F(1,5*g,4),"r":F(1,5*g,5)},[{"x":f(3,3,4)}],opset=14)
    network(op+"_f16in",[n("Cast","x","xf",to=1),n(op,["xf","w","r"],["y"],hidden_size=5),n("Cast","y","o",to=10)],[("x",["T","B",4])],["o"],{"w":F(1,5*g,4),"r":F(1,5*g,5)},[{"x":f(3,3,4).astype(f16)}],opset=14)
network("LSTM_tied",[n("LSTM",["x","w","r"],["y"],hidden_size=5,input_forget=1)],[("x",["T","B",4])],["y"],{"w":F(1,20,4),"r":F(1,20,5)},[{"x":f(3,3,4)}],opset=14)
network("LSTM_acts",[n("LSTM",["x","w","r"],["y"],hidden_size=5,direction="bidirectional",activations=["HardSigmoid","Softsign","Relu","Sigmoid","LeakyRelu","Elu"],activation_alpha=[.25,.2,.7],activation_beta=[.45])],[("x",["T","B",4])],["y"],{"w":F(2,20,4),"r":F(2,20,5)},[{"x":f(3,3,4)}],opset=14)
network("LSTM_weights_input",[n("LSTM",["x","w","r"],["y"],hidden_size=5)],[("x",["T","B",4]),("w",[1,20,4]),("r",[1,20,5])],["y"],{},[{"x":f(3,3,4),"w":F(1,20,4),"r":F(1,20,5)}],opset=14)
network("LSTM_dynamic_rank_state",[n("Shape","x","s"),n("Slice","s one two","bt"),n("Concat","o1 bt k","sh",axis=0),n("ConstantOfShape","sh","h0",value=h.make_tensor("v",1,[1],[0.])),n("LSTM",["x","w","r","","","h0","h0"],["y","h","c"],hidden_size=5),n("Squeeze","y ax","ys"),n("Slice","ys m1 big","out")],[("x",["T","B",4])],["out","h","c"],{"one":I(1),"two":I(2),"o1":I(1),"k":I(5),"w":F(1,20,4),"r":F(1,20,5),"ax":I(1),"m1":I(-1),"big":I(2**62)},[{"x":f(3,2,4)},{"x":f(5,1,4)}],opset=13)
# GPT/T5/BERT arithmetic
network("bert_mask",[n("Unsqueeze","m ax","u"),n("Cast","u","c",to=1),n("Sub","one c","i"),n("Mul","i big","b"),n("Add","x b","sc"),n("Softmax","sc","out",axis=-1)],[("m",["B","T"]),("x",["B",2,"T","T"])],["out"],{"ax":I(1,2),"one":s(1.),"big":np.array(np.finfo(np.float32).min,np.float32)},[{"m":np.array([[1,1,0],[1,0,0]],i64),"x":f(2,2,3,3)}],opset=13)
network("t5_bucket",[n("Shape","x","sh"),n("Gather","sh z","t",axis=0),n("Range","z t one","r"),n("Unsqueeze","r a0","c"),n("Unsqueeze","r a1","q"),n("Sub","c q","rel"),n("Neg","rel","ng"),n("Max","ng z","p"),n("Less","p half","small"),n("Cast","p","pf",to=1),n("Max","pf eps","pm"),n("Div","pm hf","pd"),n("Log","pd","lg"),n("Div","lg ll","ld"),n("Mul","ld hf","lm"),n("Cast","lm","li",to=7),n("Add","li half","la"),n("Min","la cap","lb"),n("Where","small p lb","bk"),n("Gather","emb bk","ge",axis=0),n("Transpose","ge","out",perm=[2,0,1])],[("x",["T",3])],["out","bk"],{"z":np.array(0,i64),"one":np.array(1,i64),"a0":I(0),"a1":I(1),"half":np.array(4,i64),"hf":s(4.),"ll":s(float(np.log(16.))),"cap":np.array(7,i64),"eps":s(1e-6),"emb":f(8,2)},[{"x":f(11,3)},{"x":f(3,3)}],opset=13)
network("gpt_split",[n("MatMul","x w","m"),n("Add","m b","a"),n("Split","a sp","q k v",axis=2),n("Shape","q","s"),n("Slice","s i0 i2","bt"),n("Concat","bt hd","sh",axis=0),n("Reshape","q sh","q4"),n("Reshape","k sh","k4"),n("Reshape","v sh","v4"),n("Transpose","q4","qt",perm=[0,2,1,3]),n("Transpose","k4","kt",perm=[0,2,3,1]),n("Transpose","v4","vt",perm=[0,2,1,3]),n("MatMul","qt kt","sc"),n("Div","sc rt","sd"),n("Shape","sd","s2"),n("Slice","s2 m2 m1","nq"),n("Slice","s2 m1 big","nk"),n("Slice",["tri","i0","nk","a3"],"tr1"),n("Slice",["tr1","i0","nq","a2"],"tr2"),n("Cast","tr2","trb",to=9),n("Where","trb sd neg","ms"),n("Softmax","ms","p",axis=-1),n("MatMul","p vt","o"),n("Transpose","o","ot",perm=[0,2,1,3]),n("Reshape","ot fl","out"),n("Pow","out three","pw"),n("Erf","pw","er")],[("x",["B","T",8])],["out","er"],{"w":F(8,24),"b":f(24),"sp":I(8,8,8),"i0":I(0),"i2":I(2),"hd":I(2,4),"rt":s(2.),"m2":I(-2),"m1":I(-1),"big":I(2**63-1),"tri":np.tril(np.ones((1,1,16,16),u8)),"a3":I(3),"a2":I(2),"neg":s(-1e4),"fl":I(0,0,-1),"three":s(3.)},[{"x":f(2,5,8)},{"x":f(1,2,8)}],opset=13)
# tf2onnx / vision
network("tf_style",[n("Transpose","x","t",perm=[0,3,1,2]),n("Pad","t p","pd",mode="reflect"),n("Conv","pd w","c",kernel_shape=[3,3],strides=[2,2]),n("Resize",["c","","sc"],"r",mode="linear",coordinate_transformation_mode="half_pixel"),n("Transpose","r","tb",perm=[0,2,3,1]),n("ReduceMean","tb","m",axes=[1,2],keepdims=0),n("Clip","tb z six","out")],[("x",["N","H","W",3])],["out","m"],{"p":I(0,0,1,1,0,0,1,1),"w":F(4,3,3,3),"sc":s(1.,1.,2.,2.),"z":s(0.),"six":s(.6)},[{"x":f(1,6,7,3)},{"x":f(2,5,5,3)}],opset=13)
network("resize_runtime_scales",[n("Shape","x","s"),n("Cast","s","sf",to=1),n("Slice","sf two four","hw"),n("Div","tgt hw","sc0"),n("Concat","ones sc0","sc",axis=0),n("Resize",["x","","sc"],"out",mode="linear",coordinate_transformation_mode="align_corners")],[("x",["N",2,"H","W"])],["out"],{"two":I(2),"four":I(4),"tgt":s(8.,6.),"ones":s(1.,1.)},[{"x":f(1,2,4,3)},{"x":f(2,2,3,5)}],opset=13)
network("resize_cubic_sizes",[n("Resize",["x","","","sz"],"out",mode="cubic",coordinate_transformation_mode="half_pixel",cubic_coeff_a=-.5)],[("x",["N",2,5,6])],["out"],{"sz":I(1,2,7,9)},[{"x":f(1,2,5,6)}],opset=13)
network("resize_antialias18",[n("Resize",["x","","","sz"],"out",mode="linear",antialias=1,axes=[2,3])],[("x",["N",2,"H","W"])],["out"],{"sz":I(3,4)},[{"x":f(1,2,9,8)},{"x":f(1,2,5,12)}],opset=18)
network("rcnn_roi",[n("Shape","x","s"),n("NonMaxSuppression","b st mx iou sc","sel"),n("Gather","sel two","bi",axis=1),n("Gather","bx bi","rois",axis=0),n("Shape","rois","rs"),n("Slice","rs z o","cnt"),n("ConstantOfShape","cnt","idx",value=h.make_tensor("v",7,[1],[0])),n("RoiAlign","x rois idx","ra",output_height=3,output_width=2,sampling_ratio=2,spatial_scale=.5),n("Flatten","ra","fl"),n("ReduceMax","fl","out",axes=[1])],[("x",[1,3,10,12]),("b",[1,"M",4]),("st",[1,1,"M"])],["ra","out"],{"mx":I(4),"iou":s(.5),"sc":s(.1),"two":np.array(2,i64),"bx":np.abs(f(7,4))*3+np.array([0,0,6,6],np.float32),"z":I(0),"o":I(1)},[{"x":f(1,3,10,12),"b":np.concatenate([rng.random((1,7,2)),1+rng.random((1,7,2))],2).astype(np.float32),"st":rng.random((1,1,7)).astype(np.float32)}],opset=13)
network("roialign_16",[n("RoiAlign","x r i","out",output_height=2,output_width=2,sampling_ratio=0)],[("x",["N",2,6,6]),("r",["K",4]),("i",["K"])],["out"],{},[{"x":f(2,2,6,6),"r":np.array([[0,0,4,4],[1,1,5,3]],np.float32),"i":I(0,1)}],opset=16)
network("roialign_max",[n("RoiAlign","x r i","out",output_height=2,output_width=2,sampling_ratio=2,mode="max")],[("x",["N",2,6,6]),("r",["K",4]),("i",["K"])],["out"],{},[{"x":f(2,2,6,6),"r":np.array([[0,0,4,4],[1,1,5,3]],np.float32),"i":I(0,1)}],opset=16)
network("maxpool_indices",[n("MaxPool","x","y i",kernel_shape=[2,2],strides=[2,2]),n("MaxUnpool","y i","out",kernel_shape=[2,2],strides=[2,2])],[("x",["N",2,4,6])],["out","i"],{},[{"x":f(1,2,4,6)}],opset=11)
network("avgpool_ceil",[n("AveragePool","x","out",kernel_shape=[3,3],strides=[2,2],ceil_mode=1,count_include_pad=0,pads=[1,1,1,1]),n("MaxPool","x","mp",kernel_shape=[3,3],strides=[2,2],ceil_mode=1)],[("x",["N",2,"H","W"])],["out","mp"],{},[{"x":f(1,2,6,7)},{"x":f(1,2,8,5)}],opset=13)
network("lrn_lppool",[n("LRN","x","l",size=3,alpha=.01),n("LpPool","l","p",kernel_shape=[2,2],p=2),n("GlobalLpPool","l","out",p=3)],[("x",["N",4,"H","W"])],["p","out"],{},[{"x":f(1,4,5,6)}],opset=13)
network("scatter_kv",[n("ScatterND","c i u","sn"),n("ScatterElements","sn ie ue","out",axis=1),n("GatherElements","out ie","ge",axis=1)],[("c",["N",4]),("u",["K",4])],["out","ge"],{"i":I(2,0).reshape(2,1),"ie":I(1,3,0).reshape(3,1),"ue":f(3,1)},[{"c":f(3,4),"u":f(2,4)}],opset=13)
network("int_arith",[n("Mod","a b","m"),n("Mod","x y","fm",fmod=1),n("BitShift","u sh","bs",direction="LEFT"),n("Div","a b","d"),n("Abs","a","ab"),n("Sign","x","sg"),n("Round","x","rd"),n("IsNaN","x","nn"),n("Pow","a p2","pw")],[("a",["N"]),("x",["N"]),("u",["N"])],["m","fm","bs","d","ab","sg","rd","nn","pw"],{"b":I(3),"y":s(.7,),"sh":np.array([2],u8),"p2":s(2.)},[{"a":I(-7,5,0,9),"x":np.array([-1.5,2.5,.5,np.nan],np.float32),"u":np.array([1,2,3,200],u8)}],opset=13)
network("onehot_topk",[n("TopK","x k","v i",axis=-1),n("OneHot","i d vals","oh",axis=-1),n("ReduceSum","oh ax","out",keepdims=0),n("Compress","x c","cp",axis=1),n("Unique","x","uq",sorted=1)],[("x",["N",5])],["out","cp","uq"],{"k":I(2),"d":np.array(5,i64),"vals":s(0.,1.),"ax":I(1),"c":np.array([True,False,True,True,False])},[{"x":f(3,5)}],opset=13)
network("einsum_forms",[n("Einsum","x y","a",equation="bhid,bhjd->bhij"),n("Einsum","a","b",equation="bhii->bh"),n("Einsum","x","c",equation="...ij->...ji")],[("x",["B",2,"T",4]),("y",["B",2,"T",4])],["a","b","c"],{},[{"x":f(2,2,3,4),"y":f(2,2,3,4)}],opset=13)
network("fp16_net",[n("Conv","x w b","c",kernel_shape=[3,3],pads=[1,1,1,1]),n("InstanceNormalization","c g be","i"),n("Relu","i","r"),n("GlobalAveragePool","r","p"),n("Flatten","p","fl"),n("Gemm","fl fw fb","out",transB=1)],[("x",["N",3,"H","W"])],["out"],{"w":F(4,3,3,3).astype(f16),"b":f(4).astype(f16),"g":f(4).astype(f16),"be":f(4).astype(f16),"fw":F(5,4).astype(f16),"fb":f(5).astype(f16)},[{"x":f(1,3,6,6).astype(f16)}],opset=13)
network("f64_net",[n("MatMul","x w","m"),n("Softmax","m","s",axis=-1),n("Log","s","l"),n("ReduceSum","l ax","out",keepdims=0),n("CumSum","s one","cs")],[("x",["N",4])],["out","cs"],{"w":F(4,4).astype(np.float64),"ax":I(1),"one":np.array(1,i64)},[{"x":f(3,4).astype(np.float64)}],opset=13)
# sequences built in loops of unknown length, joined afterwards
vs=lambda name: h.make_tensor_sequence_value_info(name,1,None)
body=b("body",[n("Identity","c","c2"),n("Gather","x i","row",axis=0),n("Tanh","row","th"),n("SequenceInsert","sq th","sq2")],[v("i",7,[]),v("c",9,[]),vs("sq")],[v("c2",9),vs("sq2")])
network("loop_list_append",[n("Shape","x","sh"),n("Gather","sh z","cnt",axis=0),n("SequenceEmpty",[],"sq0"),n("Loop",["cnt","","sq0"],["sqf"],body=body),n("ConcatFromSequence","sqf","out",axis=0,new_axis=1)],[("x",["N",3])],["out"],{"z":np.array(0,i64)},[{"x":f(4,3)},{"x":f(2,3)}],opset=13)
network("split_seq_dynamic",[n("SplitToSequence","x","sq",axis=0,keepdims=0),n("ConcatFromSequence","sq","out",axis=0,new_axis=1),n("SequenceLength","sq","ln")],[("x",["N",3])],["out","ln"],{},[{"x":f(4,3)},{"x":f(2,3)}],opset=13)
network("split_seq_at",[n("SplitToSequence","x one","sq",axis=0),n("SequenceAt","sq i","a")],[("x",["N",3]),("i",[])],["a"],{"one":np.array(1,i64)},[{"x":f(4,3),"i":np.array(2,i64)},{"x":f(2,3),"i":np.array(-1,i64)}],opset=13)
network("chunks_at",[n("SplitToSequence","x two","sq",axis=1),n("SequenceAt","sq z","a"),n("SequenceAt","sq m","l"),n("SequenceLength","sq","ln"),n("ConcatFromSequence","sq","all",axis=1)],[("x",[2,"N"])],["a","l","ln","all"],{"two":np.array(2,i64),"z":np.array(0,i64),"m":np.array(-1,i64)},[{"x":f(2,5)},{"x":f(2,4)}],opset=13)
body=b("body",[n("Identity","c","c2"),n("Gather","x i","row",axis=0),n("Add","row st","st2"),n("SequenceInsert","sq st2","sq2"),n("ReduceSum","row","co",keepdims=0)],[v("i",7,[]),v("c",9,[]),v("st",1,[3]),vs("sq")],[v("c2",9),v("st2"),vs("sq2"),v("co")])
network("loop_mixed",[n("Shape","x","sh"),n("Gather","sh z","cnt",axis=0),n("SequenceConstruct","s0","sq0"),n("Loop",["cnt","","s0","sq0"],["stf","sqf","cos"],body=body),n("ConcatFromSequence","sqf","out",axis=0,new_axis=0),n("SequenceInsert","sqf s0","sqg"),n("ConcatFromSequence","sqg","o2",axis=1,new_axis=1),n("SequenceAt","sqf z","first")],[("x",["N",3]),("s0",[3])],["out","o2","stf","cos","first"],{"z":np.array(0,i64)},[{"x":f(4,3),"s0":f(3)},{"x":f(1,3),"s0":f(3)}],opset=13)
body=b("body",[n("Sub","left one","l2"),n("Greater","l2 zero","go"),n("Mul","st half","st2"),n("SequenceInsert","sq st2","sq2")],[v("i",7,[]),v("c",9,[]),v("left",7,[]),v("st",1,["A",2]),vs("sq")],[v("go",9),v("l2",7),v("st2"),vs("sq2")],{"one":np.array(1,i64),"zero":np.array(0,i64),"half":np.array(.5,np.float32)})
network("loop_while_list",[n("SequenceEmpty",[],"sq0"),n("Loop",["","t","k","x","sq0"],["lf","sf","sqf"],body=body),n("ConcatFromSequence","sqf","out",axis=0),n("SequenceLength","sqf","ln")],[("x",["A",2]),("k",[])],["out","ln"],{"t":np.array(True)},[{"x":f(3,2),"k":np.array(3,i64)},{"x":f(1,2),"k":np.array(1,i64)}],opset=13)
network("linear_attention_dynamic",[n("LinearAttention",["q","k","v","","d","b"],["y","s"],domain="com.microsoft",q_num_heads=4,kv_num_heads=2,update_rule="gated_delta"),n("LinearAttention",["q","k","v","s"],["y2","s2"],domain="com.microsoft",q_num_heads=4,kv_num_heads=2,update_rule="linear",scale=0.3)],
    [("q",["B","T",16]),("k",["B","T",8]),("v",["B","T",6]),("d",["B","T",8]),("b",["B","T",2])],["y","s","y2","s2"],{},
    [{"q":F(1,12,16),"k":F(1,12,8),"v":F(1,12,6),"d":-np.abs(F(1,12,8)),"b":np.abs(F(1,12,2))},{"q":F(2,1,16),"k":F(2,1,8),"v":F(2,1,6),"d":-np.abs(F(2,1,8)),"b":np.abs(F(2,1,2))}],opset=17)
network("split_lengths_input",[n("Split","x l","a b c",axis=1),n("Concat","c a b","out",axis=1)],[("x",["N","K"]),("l",["P"])],["out","b"],{},[{"x":f(2,7),"l":I(1,4,2)},{"x":f(1,5),"l":I(0,3,2)}],opset=13)
# Loop-based beam / greedy decoding
body=b("body",[n("Gather","emb tok","e",axis=0),n("MatMul","e w","lg"),n("ArgMax","lg","nx",axis=-1,keepdims=0),n("Equal","nx eos","q"),n("Not","q","go0"),n("Cast","go0","gof",to=1),n("ReduceMax","gof","gm",keepdims=0),n("Greater","gm zero","go"),n("Unsqueeze","nx ax1","nu"),n("Concat","seq nu","seq2",axis=1)],[v("i",7,[]),v("c",9,[]),v("tok",7,["B"]),v("seq",7,["B","L"])],[v("go",9),v("nx",7),v("seq2",7)],{"eos":np.array(3,i64),"zero":np.array(0,np.float32),"ax1":I(1)})
network("greedy_decode",[n("Unsqueeze","t0 ax","s0"),n("Loop",["mx","tr","t0","s0"],["lt","out"],body=body)],[("t0",["B"])],["lt","out"],{"ax":I(1),"mx":np.array(6,i64),"tr":np.array(True),"emb":f(8,5),"w":f(5,8)},[{"t0":I(1,2)},{"t0":I(5)}],opset=13)
# stft etc
network("mel_frontend",[n("STFT","x st win","sp",onesided=1),n("Mul","sp sp","p"),n("ReduceSum","p ax","pw",keepdims=0),n("MatMul","pw mel","m"),n("Max","m eps","mm"),n("Log","mm","out")],[("x",["N","L",1])],["out"],{"st":np.array(4,i64),"win":np.hanning(8).astype(np.float32),"ax":I(3),"mel":np.abs(f(5,3)),"eps":s(1e-5)},[{"x":f(1,32,1)}],opset=17)
network("melweights",[n("MelWeightMatrix","a b c d e","out")],[("a",[]),("b",[]),("c",[]),("d",[]),("e",[])],["out"],{},[{"a":np.array(8,i64),"b":np.array(16,i64),"c":np.array(8192,i64),"d":s(0.),"e":s(4096.)}],opset=17)
network("dropout_told",[n("Dropout","x r t","y"),n("Identity","y","out")],[("x",["N",3])],["out"],{"r":s(.5),"t":np.array(False)},[{"x":f(2,3)}],opset=13)
network("conv_dynamic_weights",[n("Conv","x w","out",pads=[1,1,1,1])],[("x",["N",3,"H","W"]),("w",["O",3,3,3])],["out"],{},[{"x":f(1,3,5,5),"w":f(4,3,3,3)}],opset=13)
network("bn_dynamic_channels",[n("Reshape","x sh","r"),n("BatchNormalization","r g b m v","out")],[("x",["N",8]),("sh",[4])],["out"],{"g":f(2),"b":f(2),"m":f(2),"v":np.abs(f(2))+.1},[{"x":f(3,8),"sh":I(3,2,2,2)}],opset=13)
network("unsqueeze_dynamic_axes",[n("Unsqueeze","x ax","u"),n("ReduceMean","u","out",axes=[0])],[("x",["N",3]),("ax",[1])],["u"],{},[{"x":f(2,3),"ax":I(1)},{"x":f(2,3),"ax":I(0)}],opset=13)

# ---- ai.onnx.ml beyond single operators' usual forms
f = lambda *s: rng.standard_normal(s).astype(np.float32)
for k,seed in ((3,1),(4,2),(5,3)):
  for kern in ('RBF','LINEAR','POLY'):
    per=[3,2,4,2,3][:k]; nv=sum(per); d=4
    case(f'SVMC_prob{k}_{kern}','SVMClassifier',[('x',f(8,d)*1.5)],['l','p'],dict(kernel_type=kern,kernel_params=[.5,.3,2.],vectors_per_class=per,support_vectors=f(nv*d).tolist(),coefficients=f((k-1)*nv).tolist(),rho=f(k*(k-1)//2).tolist(),classlabels_ints=[5,7,9,11,13][:k],prob_a=(-1-abs(f(k*(k-1)//2))).tolist(),prob_b=(f(k*(k-1)//2)*.3).tolist()),domain='ai.onnx.ml')
x=f(5,3)
case('Linear_probit','LinearRegressor',[('x',abs(x)*.1+.1)],['y'],dict(coefficients=[.4,.3,.2,.5,.1,.3],intercepts=[.1,.2],targets=2,post_transform='PROBIT'),domain='ai.onnx.ml')

finish()

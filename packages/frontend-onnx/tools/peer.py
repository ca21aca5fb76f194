"""What the makers of peer cases share: one node as a model, run by onnxruntime, written in the layout of ONNX's node tests."""
import sys
import zipfile

import numpy as np
import onnxruntime as ort
from onnx import TensorProto as T, helper as h, numpy_helper as nh

archive = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)
count = 0


def put(name, data):
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)

rng=np.random.default_rng(7)
def f(*s): return (rng.random(s)*2-1).astype(np.float32)


def case(name, op, inputs, outputs, attrs={}, domain="com.microsoft", consts=(), opset=17):
    """One node; inputs are (name, array or None), those named in `consts` become initialisers."""
    global count
    names = [n if a is not None else "" for n, a in inputs]
    while names and names[-1] == "":
        names.pop()
    node = h.make_node(op, names, outputs, domain=domain, **attrs)
    given = [(n, a) for n, a in inputs if a is not None and n not in consts]
    init = [nh.from_array(a, n) for n, a in inputs if a is not None and n in consts]
    ports = [h.make_tensor_value_info(n, h.np_dtype_to_tensor_dtype(a.dtype), list(a.shape)) for n, a in given]
    wanted = [o for o in outputs if o]

    def model(results):
        graph = h.make_graph([node], name, ports, results, init)
        opsets = [h.make_opsetid("", opset), h.make_opsetid("com.microsoft", 1), h.make_opsetid("ai.onnx.ml", 3)]
        return h.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()

    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(model([h.make_empty_tensor_value_info(o) for o in wanted]), options, providers=["CPUExecutionProvider"])
    results = session.run(None, dict(given))
    typed = [h.make_tensor_value_info(o, h.np_dtype_to_tensor_dtype(v.dtype), list(v.shape)) for o, v in zip(wanted, results)]
    put(f"{name}/model.onnx", model(typed))
    for i, (n, a) in enumerate(given):
        put(f"{name}/test_data_set_0/input_{i}.pb", nh.from_array(a, n).SerializeToString())
    for i, (n, a) in enumerate(zip(wanted, results)):
        put(f"{name}/test_data_set_0/output_{i}.pb", nh.from_array(a, n).SerializeToString())
    count += 1


def node(op, inputs, outputs, **attrs):
    """A node; inputs and outputs as lists, or as names in one string."""
    listed = lambda names: names.split() if isinstance(names, str) else names
    return h.make_node(op, listed(inputs), listed(outputs), **attrs)


def literal(name, value):
    """An initialiser: an array, or (type, array) for types that numpy lacks."""
    if not isinstance(value, tuple):
        return nh.from_array(np.asarray(value), name)
    kind, values = value
    return h.make_tensor(name, {"u4": T.UINT4, "i4": T.INT4}[kind], values.shape, values.flatten().tolist())


def network(name, nodes, ports, outputs, init, feeds, opset=17):
    """A graph; ports are (name, dimensions), and each of `feeds` gives them arrays."""
    global count
    inputs = [h.make_tensor_value_info(p, h.np_dtype_to_tensor_dtype(feeds[0][p].dtype), dims) for p, dims in ports]

    def model(results):
        graph = h.make_graph(nodes, name, inputs, results, [literal(k, v) for k, v in init.items()])
        opsets = [h.make_opsetid("", opset), h.make_opsetid("com.microsoft", 1)]
        return h.make_model(graph, opset_imports=opsets, ir_version=4 if opset < 10 else 9).SerializeToString()

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # fused integer arithmetic rounds elsewhere
    session = ort.InferenceSession(model([h.make_empty_tensor_value_info(o) for o in outputs]), options, providers=["CPUExecutionProvider"])
    for i, feed in enumerate(feeds):
        results = session.run(outputs, feed)
        if i == 0:
            typed = [h.make_tensor_value_info(o, h.np_dtype_to_tensor_dtype(v.dtype), None) for o, v in zip(outputs, results)]
            put(f"{name}/model.onnx", model(typed))
        for k, (p, _) in enumerate(ports):
            put(f"{name}/test_data_set_{i}/input_{k}.pb", nh.from_array(feed[p], p).SerializeToString())
        for k, (o, v) in enumerate(zip(outputs, results)):
            put(f"{name}/test_data_set_{i}/output_{k}.pb", nh.from_array(v, o).SerializeToString())
    count += 1


def finish():
    archive.close()
    print(count, "cases")

"""Variants of an operation corpus, with the outputs that real OpenVINO computes for them: a corpus of the same format.

    python vary.py CORPUS OUT [--count 4] [--seed 1] [--ops Add,MaxPool]

Each variant of a case changes one to three things of its model: an attribute to a value that the attribute has in another case
of the operation (a number also to a neighbour), the size of a dimension, the rank, the element type of its inputs. What OpenVINO
refuses, or what brings its process down, is left out. Then: cuvee-conformance --device CPU --corpus OUT.
"""

import argparse
import collections
import copy
import hashlib
import io
import json
import multiprocessing
import os
import random
import re
import sys
import xml.etree.ElementTree as ET
import zipfile

import ml_dtypes
import numpy as np

TYPES = {
    "f32": np.float32, "f16": np.float16, "f64": np.float64, "bf16": ml_dtypes.bfloat16,
    "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64, "boolean": np.bool_,
}
FLOATS = ["f32", "f16", "bf16", "f64"]
PRECISION = {"f32": "FP32", "f16": "FP16", "f64": "FP64", "bf16": "BF16", "boolean": "BOOL"}
KEPT = {"shape", "element_type", "offset", "size", "variable_id", "variable_shape"}
TOLERANCES = {"f16": (4e-3, 4e-3), "bf16": (3e-2, 3e-2)}


def read_case(files, path):
    case = json.loads(files[path + "/case.json"])
    sets = []
    for one in case["sets"]:
        inputs = []
        for port in one["inputs"]:
            if port["dtype"] not in TYPES:
                return None
            raw = np.frombuffer(files[path + "/" + port["file"]], TYPES[port["dtype"]])
            inputs.append(raw.reshape(port["shape"]).copy())
        sets.append(inputs)
    return case, sets


def layers(xml):
    """The layers of the model itself; bodies stay as they are."""
    return xml.find("layers").findall("layer")


def attribute_values(corpus):
    """Operation -> attribute -> values that some case has."""
    seen = collections.defaultdict(lambda: collections.defaultdict(set))
    for files in corpus.values():
        for name, text in files.items():
            if name.endswith("model.xml"):
                for layer in layers(ET.fromstring(text)):
                    data = layer.find("data")
                    if data is not None and layer.get("type") not in ("Parameter", "Const"):
                        for key, value in data.items():
                            seen[layer.get("type")][key].add(value)
    return seen


def neighbour(rng, value):
    """A number, or a list of numbers, with one of them moved."""
    parts = value.split(",")
    i = rng.randrange(len(parts))
    try:
        n = int(parts[i])
        parts[i] = str(n + rng.choice([-1, 1, 2]))
    except ValueError:
        try:
            parts[i] = repr(float(parts[i]) * rng.choice([0.5, 2.0, -1.0, 1.25]))
        except ValueError:
            return value
    return ",".join(parts)


def vary_attribute(rng, xml, seen):
    choices = [
        (layer, key)
        for layer in layers(xml)
        if layer.get("type") not in ("Parameter", "Const", "Result") and layer.find("data") is not None
        for key in layer.find("data").keys()
        if key not in KEPT
    ]
    if not choices:
        return False
    layer, key = rng.choice(choices)
    data = layer.find("data")
    old = data.get(key)
    others = sorted(seen[layer.get("type")][key] - {old})
    if others and rng.random() < 0.7:
        data.set(key, rng.choice(others))
    elif old in ("true", "false"):
        data.set(key, "false" if old == "true" else "true")
    else:
        data.set(key, neighbour(rng, old))
    return data.get(key) != old


def resampled(rng, old, shape):
    """Elements of the old tensor in a new shape: indices stay indices."""
    size = int(np.prod(shape))
    pool = old.reshape(-1)
    if pool.size == 0:
        return np.zeros(shape, old.dtype)
    picks = np.array([rng.randrange(pool.size) for _ in range(size)], np.int64)
    return pool[picks].reshape(shape)


def vary_shape(rng, xml, sets):
    """One size of one axis of the inputs changes, wherever inputs have it; or the inputs get or lose a leading axis."""
    inputs = sets[0]
    shapes = [list(x.shape) for x in inputs]
    sizes = sorted({d for s in shapes for d in s})
    if not sizes:
        return False
    old = rng.choice(sizes)
    new = rng.choice([0, 1, old + 1, max(old - 1, 1), old * 2, rng.randint(1, 9)])
    if new == old or new > 64:
        return False
    which = set(range(len(shapes))) if rng.random() < 0.6 else {rng.randrange(len(shapes))}
    everywhere = rng.random() < 0.6
    changed = []
    for i, shape in enumerate(shapes):
        places = [k for k, d in enumerate(shape) if d == old] if i in which else []
        if places and not everywhere:
            places = [rng.choice(places)]
        changed.append([new if k in places else d for k, d in enumerate(shape)])
    if sum(int(np.prod(s)) for s in changed) > 1 << 16:
        return False
    for one in sets:
        for i, shape in enumerate(changed):
            if list(one[i].shape) != shape:
                one[i] = resampled(rng, one[i], shape)
    declare(xml, sets)
    return True


def vary_rank(rng, xml, sets):
    inputs = sets[0]
    more = rng.random() < 0.6
    if not more and any(x.ndim == 0 or x.shape[0] != 1 for x in inputs):
        return False
    for one in sets:
        for i, x in enumerate(one):
            if x.ndim >= 1 or len(inputs) == 1:
                one[i] = x[None] if more else x[0]
    declare(xml, sets)
    return True


def vary_type(rng, xml, sets):
    inputs = sets[0]
    names = [name_of(x) for x in inputs]
    old = rng.choice(names)
    new = rng.choice([t for t in TYPES if t != old])
    if old in FLOATS and rng.random() < 0.6:
        new = rng.choice([t for t in FLOATS if t != old])
    for one in sets:
        for i, name in enumerate(names):
            if name == old:
                with np.errstate(all="ignore"):
                    wide = np.nan_to_num(one[i].astype(np.float64), nan=1, posinf=9, neginf=-9)
                    if new.startswith("u"):
                        wide = np.abs(wide)
                    one[i] = (wide != 0) if new == "boolean" else wide.astype(TYPES[new])
    declare(xml, sets)
    for layer in layers(xml):  # constants of the same type follow
        data = layer.find("data")
        if data is None or layer.get("type") == "Const":
            continue
        for key, value in list(data.items()):
            if value == old and key not in ("output_type", "index_element_type"):
                data.set(key, new)
    return True


def name_of(x):
    return next(name for name, t in TYPES.items() if np.dtype(t) == x.dtype)


def declare(xml, sets):
    """The inputs' types and shapes as the model's parameters; what varies between the sets stays open."""
    parameters = [l for l in layers(xml) if l.get("type") == "Parameter"]
    for i, layer in enumerate(parameters):
        data = layer.find("data")
        dynamic = any(not re.fullmatch(r"\d+", d) for d in data.get("shape").split(",") if d)
        shapes = {one[i].shape for one in sets}
        first = sets[0][i].shape
        if len(shapes) == 1 and not dynamic:
            data.set("shape", ",".join(map(str, first)))
        else:
            old = data.get("shape").split(",")
            keeps = len(old) == len(first) and all(
                not re.fullmatch(r"\d+", d) or all(s[k] == int(d) for s in shapes) for k, d in enumerate(old)
            )
            data.set("shape", ",".join(old if keeps else ["?"] * len(first)))
        name = name_of(sets[0][i])
        data.set("element_type", name)
        for port in layer.iter("port"):
            port.set("precision", PRECISION.get(name, name.upper()))
            for dim in list(port):
                port.remove(dim)
            for d in data.get("shape").split(","):
                if d:
                    ET.SubElement(port, "dim").text = d if d.isdigit() else "-1"


def tolerance_of(case, output, inputs_before, inputs_after, dtype):
    own = dict(output.get("tolerance") or case["tolerance"])
    if own["kind"] == "shape":
        return own
    if dtype not in FLOATS:
        return {"rtol": 0.0, "atol": 0.0, "kind": "exact"}
    if own["kind"] == "exact":
        own = {"rtol": 1e-4, "atol": 1e-5, "kind": "close"}
    for t in [*inputs_after, dtype]:
        r, a = TOLERANCES.get(t, (0, 0))
        own["rtol"], own["atol"] = max(own["rtol"], r), max(own["atol"], a)
    return own


def variants(files, path, seen, count, seed):
    got = read_case(files, path)
    if got is None:
        return
    case, sets = got
    if case["stateful"] and len(sets) > 3:
        sets = sets[:3]
    for k in range(count):
        rng = random.Random(f"{seed} {path} {k}")
        xml = ET.fromstring(files[path + "/model.xml"])
        new = [[x.copy() for x in one] for one in sets]
        how = []
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            kind = rng.choice(["attribute", "attribute", "shape", "shape", "type", "rank"])
            try:
                done = {
                    "attribute": lambda: vary_attribute(rng, xml, seen),
                    "shape": lambda: bool(new[0]) and vary_shape(rng, xml, new),
                    "type": lambda: bool(new[0]) and vary_type(rng, xml, new),
                    "rank": lambda: bool(new[0]) and vary_rank(rng, xml, new),
                }[kind]()
            except Exception:
                done = False
            if done:
                how.append(kind)
        if how:
            yield k, case, ET.tostring(xml), files.get(path + "/model.bin", b""), new, how


def answer(core, ov, case, xml, weights, sets, before, out):
    """OpenVINO's outputs, the same in two runs; written as a case."""
    model = core.read_model(xml, weights) if weights else core.read_model(xml)
    config = {"INFERENCE_PRECISION_HINT": "f32", "EXECUTION_MODE_HINT": "ACCURACY"}
    results = []
    for _ in range(2):
        request = core.compile_model(model, "CPU", config).create_infer_request()
        rows = []
        for one in sets:
            for i, x in enumerate(one):
                kind = getattr(ov.Type, name_of(x))
                tensor = ov.Tensor(kind, ov.Shape(list(x.shape)))
                if x.size:
                    tensor.data[...] = x.view(tensor.data.dtype) if x.dtype == ml_dtypes.bfloat16 and tensor.data.dtype != x.dtype else x
                request.set_input_tensor(i, tensor)
            request.infer()
            row = []
            for i in range(len(model.outputs)):
                t = request.get_output_tensor(i)
                row.append((t.get_element_type().get_type_name(), list(t.get_shape()), t.data.tobytes()))
            rows.append(row)
        results.append(rows)
    if results[0] != results[1]:
        return False
    os.makedirs(out, exist_ok=True)
    after = [name_of(x) for x in sets[0]] if sets else []
    listed = []
    for s, (one, row) in enumerate(zip(sets, results[0])):
        entry = {"inputs": [], "outputs": []}
        for i, x in enumerate(one):
            file = f"s{s}_in{i}.bin"
            open(f"{out}/{file}", "wb").write(x.tobytes())
            entry["inputs"].append({"name": f"in{i}", "dtype": name_of(x), "shape": list(x.shape), "file": file})
        for i, (kind, shape, raw) in enumerate(row):
            if kind not in TYPES:
                return False
            file = f"s{s}_out{i}.bin"
            open(f"{out}/{file}", "wb").write(raw)
            numbers = np.abs(np.frombuffer(raw, TYPES[kind]).astype(np.float64))
            finite = numbers[np.isfinite(numbers)]
            old = case["sets"][0]["outputs"]
            entry["outputs"].append({
                "index": i, "dtype": kind, "shape": shape, "file": file,
                "scale": float(max(finite.max() if finite.size else 1.0, 1e-30)),
                "tolerance": tolerance_of(case, old[min(i, len(old) - 1)], before, after, kind),
            })
        listed.append(entry)
    open(f"{out}/model.xml", "wb").write(xml)
    open(f"{out}/model.bin", "wb").write(weights)
    whole = {**case, "sets": listed, "inputs": [str(p.get_partial_shape()) for p in model.inputs],
             "outputs": [str(p.get_partial_shape()) for p in model.outputs]}
    json.dump(whole, open(f"{out}/case.json", "w"))
    return True


def work(files, seen, args, done, kept, out):
    """All variants of one zip, from where an earlier process was brought down."""
    import openvino as ov

    core = ov.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": 1})
    at = 0
    for path in sorted({n.rsplit("/", 1)[0] for n in files if n.endswith("case.json")}):
        for k, case, xml, weights, sets, how in variants(files, path, seen, args.count, args.seed):
            at += 1
            if at <= done.value:
                continue
            done.value = at
            before = [p["dtype"] for p in case["sets"][0]["inputs"]] if case["sets"] else []
            try:
                if answer(core, ov, case, xml, weights, sets, before, f"{out}/{path}~{k}-{'-'.join(how)}"):
                    kept.value += 1
            except Exception:
                pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus")
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--ops")
    args = parser.parse_args()
    corpus = {}
    for name in sorted(os.listdir(args.corpus)):
        if name.endswith(".zip") and (not args.ops or name[:-4] in args.ops.split(",")):
            with zipfile.ZipFile(f"{args.corpus}/{name}") as z:
                corpus[name] = {n: z.read(n) for n in z.namelist()}
    seen = attribute_values(corpus)
    total = crashes = 0
    for name, files in corpus.items():
        done, kept = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
        while True:
            process = multiprocessing.Process(target=work, args=(files, seen, args, done, kept, args.out))
            before = done.value
            process.start()
            process.join(240)
            if process.exitcode == 0:
                break
            process.kill()
            crashes += 1
            if done.value == before:
                break
        total += kept.value
        print(f"{name}: {kept.value} of {done.value} variants", file=sys.stderr, flush=True)
    print(f"{total} variants, OpenVINO was brought down {crashes} times")


if __name__ == "__main__":
    main()

"""OpenVINO (PyPI) behind the measuring protocol, at the precision of the model: its own default may be bf16."""

import json
import sys
import time

import numpy as np
import openvino as ov

TYPES = {"f64": "f8", "f32": "f4", "f16": "f2", "i64": "i8", "i32": "i4", "i16": "i2", "i8": "i1", "u64": "u8", "u32": "u4", "u16": "u2", "u8": "u1", "bool": "?"}
NAMES = {np.dtype(code): name for name, code in TYPES.items()}


def memory():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return {"rss_mb": int(lines["VmRSS"].split()[0]) / 1024, "peak_mb": int(lines["VmHWM"].split()[0]) / 1024}


class Engine:
    def load(self, model, inputs, threads, config=None):
        arrays = {name: np.fromfile(item["file"], TYPES[item["dtype"]]).reshape(item["shape"]) for name, item in inputs.items()}
        base = memory()["rss_mb"]
        start = time.perf_counter()
        core = ov.Core()
        network = core.read_model(model)
        if (config or {}).get("shapes", "static") == "static":
            network.reshape({name: list(array.shape) for name, array in arrays.items()})
        hint = (config or {}).get("hint", "LATENCY")
        options = {"PERFORMANCE_HINT": hint, "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        if hint == "LATENCY":
            options["NUM_STREAMS"] = 1
        self.compiled = core.compile_model(network, "CPU", options)
        self.request = self.compiled.create_infer_request()
        self.arrays = arrays
        for name, array in arrays.items():
            self.request.set_tensor(name, ov.Tensor(array, shared_memory=True))
        loaded = time.perf_counter()
        self.request.infer()
        done = time.perf_counter()
        return {"load_ms": (loaded - start) * 1e3, "first_ms": (done - loaded) * 1e3, "base_mb": base, "engine": f"openvino {ov.__version__.split('-')[0]}"}

    def run(self, n, times=1):
        figures = []
        for _ in range(n):
            start = time.perf_counter()
            for _ in range(times):
                self.request.infer()
            figures.append((time.perf_counter() - start) * 1e3 / times)
        return {"ms": figures}

    def cycle(self, inputs, n):
        sets = [{name: np.fromfile(item["file"], TYPES[item["dtype"]]).reshape(item["shape"]) for name, item in one.items()} for one in inputs]
        times = []
        for i in range(n):
            start = time.perf_counter()
            for name, array in sets[i % len(sets)].items():
                self.request.set_tensor(name, ov.Tensor(array, shared_memory=True))
            self.request.infer()
            times.append((time.perf_counter() - start) * 1e3)
        return {"ms": times}

    def stream(self, seconds, requests):
        queue = ov.AsyncInferQueue(self.compiled, requests)
        for request in queue:
            for name, array in self.arrays.items():
                request.set_tensor(name, ov.Tensor(array, shared_memory=True))
        start = time.perf_counter()
        count = 0
        while time.perf_counter() - start < seconds:
            queue.start_async()
            count += 1
        queue.wait_all()
        return {"count": count, "seconds": time.perf_counter() - start}

    def outputs(self, dir):
        listed = []
        for index, port in enumerate(self.compiled.outputs):
            data = np.ascontiguousarray(self.request.get_output_tensor(index).data)
            file = f"{dir}/output{index}.bin"
            data.tofile(file)
            listed.append({"name": port.any_name if port.names else f"output{index}", "dtype": NAMES[data.dtype], "shape": list(data.shape), "file": file})
        return {"outputs": listed}

    def mem(self):
        return memory()


engine = Engine()
for line in sys.stdin:
    message = json.loads(line)
    command = message.pop("cmd")
    if command == "quit":
        break
    try:
        answer = getattr(engine, command)(**message)
    except Exception as error:  # every failure is an answer of the protocol
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)

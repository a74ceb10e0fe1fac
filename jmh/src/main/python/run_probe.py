"""Measures a run from Python, in a fresh process:

    run_probe.py HOW PACKAGE INPUTS OUTPUTS WARM_UP_MILLIS ITERATIONS ITERATION_MILLIS

HOW is "call" for the model that torch._inductor.aoti_load_package returns, called as one does, or
"loader" for the run method of the loader below it. The answers are compared with OUTPUTS before
anything is timed. Prints a line "ns NUMBER" for each iteration: the mean time of a run in it.
"""

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import torch
from torch.utils import _pytree as pytree

NANOS = 1_000_000  # of a millisecond
DTYPES = {"F32": torch.float32, "I64": torch.int64}


def read(path: str) -> list[torch.Tensor]:
    """The tensors "0", "1", ... of a safetensors file."""
    data = bytearray(Path(path).read_bytes())
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    tensors = []
    while entry := header.get(str(len(tensors))):
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        flat = torch.frombuffer(data[begin:end], dtype=DTYPES[entry["dtype"]])
        tensors.append(flat.reshape(entry["shape"]).clone())
    return tensors


def mean(run: Callable, nanos: int) -> float:
    start = now = perf_counter_ns()
    runs = 0
    while now - start < nanos:
        for _ in range(8):
            run()
        runs += 8
        now = perf_counter_ns()
    return (now - start) / runs


def main() -> None:
    how, package, inputs, outputs, *timing = sys.argv[1:]
    warm_up, iterations, iteration = map(int, timing)
    inputs = read(inputs)
    model = torch._inductor.aoti_load_package(package)
    loader = model.loader
    runs = {"call": lambda: model(*inputs), "loader": lambda: loader.run(inputs)}
    run = runs[how]
    for got, want in zip(pytree.tree_leaves(run()), read(outputs), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)
    mean(run, warm_up * NANOS)
    for _ in range(iterations):
        print("ns", mean(run, iteration * NANOS), flush=True)


if __name__ == "__main__":
    main()

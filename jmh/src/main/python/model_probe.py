"""Times a package called from Python, in a fresh process, after its answer has been checked:

    model_probe.py PACKAGE INPUTS OUTPUTS WARM_UP_MILLIS ITERATIONS ITERATION_MILLIS

The number of threads is OMP_NUM_THREADS's. Samples are those of Iterations.java, and so are the
lines "ns NUMBER", one for each iteration.
"""

import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter_ns

import torch
from run_probe import read
from torch.utils import _pytree as pytree

MILLI = 1_000_000
SAMPLE = 50_000  # nanoseconds


def nanos(run: Callable, batch: int) -> int:
    start = perf_counter_ns()
    for _ in range(batch):
        run()
    return (perf_counter_ns() - start) // batch


def main() -> None:
    package, inputs, outputs, *timing = sys.argv[1:]
    warm_up, iterations, iteration = map(int, timing)
    inputs = read(inputs)
    model = torch._inductor.aoti_load_package(package)
    for got, want in zip(pytree.tree_leaves(model(*inputs)), read(outputs), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4 * want.abs().max().item())
    batch, runs, end = 1, 0, perf_counter_ns() + warm_up * MILLI
    while runs < 2 or perf_counter_ns() < end:
        batch = max(1, SAMPLE // max(1, nanos(lambda: model(*inputs), batch)))
        runs += 1
    for _ in range(iterations):
        samples, end = [], perf_counter_ns() + iteration * MILLI
        while not samples or perf_counter_ns() < end:
            samples.append(nanos(lambda: model(*inputs), batch))
        print("ns", int(median(samples)), flush=True)


if __name__ == "__main__":
    main()

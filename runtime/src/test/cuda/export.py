#!/usr/bin/env python3
"""Exports models for a device, with what PyTorch answers and how long it takes.

    export.py OUT DEVICE GIB SECONDS [NAME ...]

Writes OUT/NAME/NAME.pt2; RUN.inputs.safetensors and RUN.outputs.safetensors, RUN from 0: what runs in a
row on one loaded model answer; peers.tsv with medians in nanoseconds. OUT/large/large.pt2 has GIB of weights in its blob and no answers. Needs torch alone.
"""

import gc
import json
import os
import shutil
import statistics
import struct
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, perf_counter_ns

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

import torch
from torch import Tensor, nn
from torch.export import Dim

NAMES = {torch.float32: "F32", torch.int64: "I64", torch.float16: "F16", torch.bool: "BOOL"}
BLOB = {"aot_inductor.package_constants_on_disk_format": "binary_blob"}
DISK = {
    "aot_inductor.package_constants_in_so": False,
    "aot_inductor.package_constants_on_disk_format": "pickle_weights",
}
RUNS = 3
EMULATED = "Emulated device"  # its kernels compute nothing, so it has no answers


class AddOne(nn.Module):
    def forward(self, x):
        return x + 1


class Counter(nn.Module):
    """Each run changes a buffer."""

    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(10))
        self.register_buffer("count", torch.zeros(10, dtype=torch.int64))

    def forward(self, x):
        self.total.add_(x.sum(0))
        self.count.add_(1)
        return self.total + 0, self.count + 0


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def conv() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip


class Large(nn.Module):
    """Layers of 64 MiB, each of which adds one of its rows."""

    def __init__(self, gib: float, device: str):
        super().__init__()
        count = max(1, round(gib * 16))
        self.layers = nn.ParameterList(
            nn.Parameter(torch.full((4096, 4096), i / 64, device=device)) for i in range(count)
        )

    def forward(self, x):
        for layer in self.layers:
            x = x + layer[0] + layer[-1]
        return x


def save(tensors: list[Tensor], path: Path) -> None:
    """Writes safetensors, named by their order."""
    header, data = {}, b""
    for i, tensor in enumerate(tensors):
        dense = tensor.detach().cpu().contiguous()
        raw = dense.reshape(-1).view(torch.uint8).numpy().tobytes() if dense.numel() else b""
        header[str(i)] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def median_ns(work: Callable, seconds: float) -> int:
    for _ in range(50):
        work()
    times, end = [], perf_counter() + seconds
    while perf_counter() < end or len(times) < 10:
        start = perf_counter_ns()
        work()
        times.append(perf_counter_ns() - start)
    return int(statistics.median(times))


def peers(package: Path, inputs: list[Tensor], device: str, seconds: float) -> dict[str, int]:
    """From the launch to the result on the device; "copies" from the CPU to the CPU."""
    model = torch._inductor.aoti_load_package(str(package))
    sync = (lambda: torch.cuda.synchronize()) if device != "cpu" else (lambda: None)
    on_device = [x.to(device) for x in inputs]
    times = {
        "python": median_ns(lambda: (model(*on_device), sync()), seconds),
        "loader": median_ns(lambda: (model.loader.run(on_device), sync()), seconds),
    }
    if device != "cpu":
        pinned = [x.pin_memory() for x in inputs]

        def copies():
            out = model.loader.run([x.to(device, non_blocking=True) for x in pinned])
            return [x.cpu() for x in out]

        times["python_copies"] = median_ns(copies, seconds)
        stream, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        with torch.cuda.stream(stream):
            model.loader.run(on_device)
        stream.synchronize()
        with torch.cuda.graph(graph, stream=stream):
            model.loader.run(on_device)
        times["python_graph"] = median_ns(lambda: (graph.replay(), sync()), seconds)
    return times


def write(
    folder: Path, model: nn.Module, inputs: Callable, device: str, dynamic, options, seconds
) -> None:
    """One package, and what runs in a row on one loaded model answer."""
    folder.mkdir(parents=True)
    package = folder / f"{folder.name}.pt2"
    example = inputs(0).to(device)
    with torch.no_grad():
        program = torch.export.export(model.to(device).eval(), (example,), dynamic_shapes=dynamic)
        torch._inductor.aoti_compile_and_package(
            program,
            package_path=str(package),
            inductor_configs={"aot_inductor.check_lowerbound": False} | options,
        )
    loaded = torch.export.pt2_archive._package.load_pt2(
        str(package), load_weights_from_disk="disk" in folder.name
    ).aoti_runners["model"]
    for run in range(RUNS):
        x = inputs(run)
        save([x], folder / f"{run}.inputs.safetensors")
        out = loaded.loader.boxed_run([x.to(device)])
        save(out, folder / f"{run}.outputs.safetensors")
    if "disk" not in folder.name:
        times = peers(package, [inputs(0)], device, seconds)
        lines = [f"{name}\t{ns}\n" for name, ns in times.items()]
        (folder / "peers.tsv").write_text("".join(lines))
        (folder / "sizes").write_text(" ".join(map(str, inputs(0).shape)))
    print(f"exported {folder.name}", file=sys.stderr, flush=True)


def main() -> None:
    out, device, gib, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    names = sys.argv[5:]
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    shutil.rmtree(out, ignore_errors=True)
    batches = [torch.randn(n, 64) for n in (8, 1, 33)]
    batch = ({0: Dim("batch", min=1, max=64)},)
    images = [torch.randn(4, 3, 32, 32) for _ in range(RUNS)]
    rows = [torch.randn(8, 10) for _ in range(RUNS)]
    models = {
        "add_one": (AddOne(), rows.__getitem__, None, {}),
        "counter": (Counter(), rows.__getitem__, None, {}),
        "counter_blob": (Counter(), rows.__getitem__, None, BLOB),
        "conv": (conv(), images.__getitem__, None, {}),
        "mlp": (mlp(), batches.__getitem__, batch, {}),
        "mlp_blob": (mlp(), batches.__getitem__, batch, BLOB),
        "mlp_disk": (mlp(), batches.__getitem__, batch, DISK),
    }
    failed = []
    for name, (model, inputs, dynamic, options) in models.items():
        if names and name not in names:
            continue
        try:
            write(out / name, model, inputs, device, dynamic, options, seconds)
        except Exception as e:  # whatever PyTorch throws is the table's to tell
            shutil.rmtree(out / name, ignore_errors=True)
            (out / name).mkdir(parents=True)
            (out / name / "failed.txt").write_text(f"{type(e).__name__}: {e}\n")
            failed.append(name)
    if gib > 0:
        (out / "large").mkdir()
        with torch.no_grad():
            large, x = Large(gib, device).eval(), torch.zeros(4096, device=device)
            torch._inductor.aoti_compile_and_package(
                torch.export.export(large, (x,)),
                package_path=str(out / "large/large.pt2"),
                inductor_configs=BLOB,
            )
            if device == "cpu" or torch.cuda.get_device_name(device) != EMULATED:
                save([x], out / "large/0.inputs.safetensors")
                save([large(x)], out / "large/0.outputs.safetensors")
        print("exported large", file=sys.stderr, flush=True)
        del large
        gc.collect()
    if failed:
        print(f"not exported: {', '.join(failed)}", file=sys.stderr)


if __name__ == "__main__":
    main()

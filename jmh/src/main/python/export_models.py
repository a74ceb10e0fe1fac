#!/usr/bin/env python3
"""Exports the networks that `jmh/run models` measures.

    export_models.py --out DIR [--threads 1,2] [NETWORK ...]

Needs torch, transformers, safetensors, onnx, onnxscript and a C++ compiler. For each network (all
of resnet50, bert_base, gpt2_step, mlp) it writes into DIR/NETWORK

    model.onnx                                    for ONNX Runtime
    portable.pt2, fastest-THREADS.pt2             the packages of the two recipes of docs/packages.md
    inputs.safetensors, outputs.safetensors       a call, and what PyTorch answers to it

all with the same random weights. What is there already is left alone.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

import torch
from large_networks import NETWORKS, Network, build
from safetensors.torch import save_file

PORTABLE = {
    "cpp.march": "x86-64-v3",
    "cpp.simdlen": 256,
    "cpp.threads": 1,
    "always_keep_tensor_constants": True,
}


def fastest(network: Network, threads: int) -> dict[str, object]:
    options = {
        "freezing": True,
        "cpp.march": "native",
        "cpp.threads": threads if network.parallel else 1,
    }
    if network.few_rows:
        options |= {"max_autotune": True, "max_autotune_gemm_backends": "CPP"}
    return options


def export_package(network: Network, path: Path, options: dict[str, object]) -> None:
    torch.set_num_threads(options["cpp.threads"])  # weights are laid out for this number
    with torch.no_grad():
        program = torch.export.export(network.model, network.inputs)
        torch._inductor.aoti_compile_and_package(
            program, package_path=str(path), inductor_configs=options
        )


def export_onnx(network: Network, path: Path) -> None:
    program = torch.onnx.export(network.model, network.inputs, dynamo=True)
    program.save(path, external_data=False)


def save_call(network: Network, folder: Path) -> None:
    with torch.no_grad():
        outputs = network.model(*network.inputs)
    outputs = [outputs] if isinstance(outputs, torch.Tensor) else outputs
    for name, tensors in ("inputs", network.inputs), ("outputs", outputs):
        numbered = {str(i): tensor.contiguous() for i, tensor in enumerate(tensors)}
        save_file(numbered, folder / f"{name}.safetensors")


def export(name: str, folder: Path, threads: list[int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_call(build(name), folder)
    jobs = {"model.onnx": export_onnx}
    jobs["portable.pt2"] = lambda network, path: export_package(network, path, PORTABLE)
    for n in threads:
        jobs[f"fastest-{n}.pt2"] = lambda network, path, n=n: export_package(
            network, path, fastest(network, n)
        )
    for file, job in jobs.items():
        if (folder / file).exists():
            continue
        start = time.monotonic()
        part = folder / f"part.{file}"
        job(build(name), part)
        part.rename(folder / file)
        print(f"{name}/{file}: {time.monotonic() - start:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("network", nargs="*", choices=[*NETWORKS, []], default=[])
    args = parser.parse_args()
    for name in args.network or NETWORKS:
        export(name, args.out / name, [int(n) for n in args.threads.split(",")])


if __name__ == "__main__":
    main()

"""Tensors in files that keep what a package may depend on: strides, and how the memory is aligned.

FILE.txt has a line for each: dtype, sizes, strides, where its memory begins in FILE.bin, and its bytes;
or "none". Memory begins in the file where it began in a line of the cache.
"""

from pathlib import Path

import torch
from torch import Tensor

LINE = 64


def beside(path: Path, extension: str) -> Path:
    return path.with_name(path.name + extension)


def writable(tensors: list[Tensor | None]) -> bool:
    return all(
        t is None or (t.layout == torch.strided and t.device.type == "cpu") for t in tensors
    )


def write(path: Path, tensors: list[Tensor | None]) -> None:
    lines, position = [], 0
    with open(beside(path, ".bin"), "wb") as file:
        for tensor in tensors:
            if tensor is None:
                lines.append("none")
                continue
            tensor = tensor.detach().resolve_conj().resolve_neg()
            position += -position % LINE + tensor.data_ptr() % LINE
            data = memory(tensor)
            file.seek(position)
            file.write(data)
            sizes, strides = numbers(tensor.shape), numbers(tensor.stride())
            dtype = str(tensor.dtype).removeprefix("torch.")
            lines.append(f"{dtype} {sizes} {strides} {position} {len(data)}")
            position += len(data)
    beside(path, ".txt").write_text("".join(f"{line}\n" for line in lines))


def read(path: Path) -> list[Tensor | None]:
    content = beside(path, ".bin").read_bytes()
    buffer = torch.empty(len(content) + LINE, dtype=torch.uint8)
    start = -buffer.data_ptr() % LINE
    if content:
        buffer[start : start + len(content)] = torch.frombuffer(
            bytearray(content), dtype=torch.uint8
        )
    return [
        tensor(line.split(), buffer[start:])
        for line in beside(path, ".txt").read_text().splitlines()
    ]


def tensor(fields: list[str], buffer: Tensor) -> Tensor | None:
    if fields == ["none"]:
        return None
    dtype = getattr(torch, fields[0])
    sizes, strides = ([int(n) for n in f.split(",") if n != "-"] for f in fields[1:3])
    position, count = int(fields[3]), int(fields[4])
    if count == 0:
        return torch.empty_strided(sizes, strides, dtype=dtype)
    elements = buffer[position : position + count].view(dtype)
    return elements.as_strided(sizes, strides)


def memory(tensor: Tensor) -> bytes:
    """Returns the memory between a tensor's first and last element."""
    if tensor.numel() == 0:
        return b""
    reach = sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride())) + 1
    flat = tensor.as_strided([reach], [1])
    return flat.view(torch.uint8).numpy().tobytes()


def numbers(values: torch.Size | tuple[int, ...]) -> str:
    return ",".join(map(str, values)) or "-"


def difference(actual: list[Tensor | None], expected: list[Tensor | None]) -> str:
    """Returns how two lists differ; an empty text if they do not, up to rounding."""
    if len(actual) != len(expected):
        return f"{len(actual)} tensors, not {len(expected)}"
    for i, (a, e) in enumerate(zip(actual, expected)):
        if a is None or e is None:
            if a is not e:
                return f"{i} is {describe(a)}, not {describe(e)}"
            continue
        if (a.dtype, a.shape) != (e.dtype, e.shape):
            return f"{i} is {describe(a)}, not {describe(e)}"
        try:
            # Types of 8 bits and fewer have no tolerance of their own.
            small = a.dtype.itemsize == 1 and a.dtype.is_floating_point
            if small:
                a, e = a.to(torch.float32), e.to(torch.float32)
            torch.testing.assert_close(a, e, equal_nan=True, check_stride=False)
        except AssertionError as error:
            text = " ".join(str(error).split())
            return f"{i}: {text}"
    return ""


def describe(tensor: Tensor | None) -> str:
    return "None" if tensor is None else f"{tensor.dtype} {list(tensor.shape)}"

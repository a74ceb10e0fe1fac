"""Runs what capture.py kept, with PyTorch's loader and with aoti4j, each so that a crash is a result."""

import inspect
import os
import re
import select
import shutil
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import tensors

import torch
from torch.export.pt2_archive._package import load_pt2

SECONDS = 120  # that a package may take


def packages(out: Path) -> list[Path]:
    return sorted(folder.parent for folder in out.glob("*/package.pt2"))


def calls(folder: Path) -> Iterator[str]:
    count = 0
    while (folder / f"{count}.in.txt").exists():
        yield str(count)
        count += 1


def forget(folder: Path, engine: str) -> None:
    for file in folder.glob(f"*.{engine}.*"):
        file.unlink()


def with_pytorch(folder: Path) -> str:
    """Runs a package in a process of its own; returns "done", or a word and the reason."""
    forget(folder, "pytorch")
    read, write = os.pipe()
    process = os.fork()
    if not process:
        os.close(read)
        signal.alarm(SECONDS)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        try:
            text = pytorch(folder)
        except Exception as e:
            text = f"refused {e}"
        os.write(write, text.encode()[:60000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        result = pipe.read().decode(errors="replace")
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return f"ended {signal_name(status)}" if status else result


def signal_name(status: int) -> str:
    """Says how a process ended, a program or a JVM."""
    number = -status if status < 0 else status - 128
    try:
        return f"the process ({signal.Signals(number).name})"
    except ValueError:
        return f"the process (status {status})"


def pytorch(folder: Path) -> str:
    model = (folder / "model.txt").read_text()
    package = str(folder / "package.pt2")
    # 2.10 has no such argument.
    named = "load_weights_from_disk" in inspect.signature(load_pt2).parameters
    disk = {"load_weights_from_disk": True} if named and has_weights(folder) else {}
    loader = load_pt2(package, **disk).aoti_runners[model].loader
    for call in calls(folder):
        inputs = tensors.read(folder / f"{call}.in")
        given = list(inputs)
        try:
            with torch.no_grad():
                outputs = loader.boxed_run(inputs)
        except RuntimeError as e:
            (folder / f"{call}.pytorch.error").write_text(str(e))
            continue
        tensors.write(folder / f"{call}.pytorch", [*outputs, *given])
    return "done"


def has_weights(folder: Path) -> bool:
    with zipfile.ZipFile(folder / "package.pt2") as package:
        return any("/data/weights/" in name for name in package.namelist())


class Jvm:
    """A JVM that runs packages, until one of them ends it."""

    def __init__(self, command: list[str], engine: str, out: Path):
        self.process = subprocess.Popen(
            [*command, engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=out,
        )
        self.received = b""

    def run(self, folder: Path) -> str:
        """Returns "done", or a word and the reason."""
        self.process.stdin.write(f"{folder}\n".encode())
        self.process.stdin.flush()
        frame = ""
        while (line := self.line()) is not None:
            if line.startswith("RESULT "):
                return line.removeprefix("RESULT ")
            if found := re.match(r"# ([CVjJ] +.*)", line):
                frame = f": {found[1]}"
        if self.process.poll() is None:
            self.close()
            return f"ended nothing: it ran for more than {SECONDS} seconds"
        return f"ended {signal_name(self.process.returncode)}{frame}"

    def line(self) -> str | None:
        """Returns a line of output; None at the end, or when it takes too long."""
        while b"\n" not in self.received:
            ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
            part = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not part:
                if ready:
                    self.process.wait()
                return None
            self.received += part
        line, _, self.received = self.received.partition(b"\n")
        return line.decode(errors="replace")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def with_aoti4j(folders: list[Path], command: list[str], engine: str, out: Path) -> dict[Path, str]:
    """Runs packages in one JVM, and in another one whenever one ends it."""
    results, jvm = {}, None
    for folder in folders:
        forget(folder, engine)
        jvm = jvm or Jvm(command, engine, out)
        results[folder] = jvm.run(folder)
        if results[folder].startswith("ended"):
            jvm.close()
            jvm = Jvm(command, engine, out)
            forget(folder, engine)
            # Alone, to tell whether it was this package that ended it.
            alone = jvm.run(folder)
            if alone.startswith("ended"):
                jvm = None
            else:
                results[folder] += "; alone in a process it does not"
    if jvm:
        jvm.close()
    return results


def clean(out: Path) -> None:
    for log in out.glob("hs_err*"):
        log.unlink()
    shutil.rmtree(out / "cache", ignore_errors=True)

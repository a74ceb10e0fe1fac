"""Runs PyTorch's tests, and keeps each package that they compile or load, with its calls.

    capture.py TREE OUT JOBS FILE [TEST ...]

Each test runs in a process of its own, a fork of one that has imported the file: a crash is a result. It
writes OUT/TEST.N for the Nth loader that the test makes: package.pt2, model.txt, and for each call N the
tensors N.in, N.out (see tensors.py) or N.error. OUT/tests.txt has what became of each test.
"""

import functools
import hashlib
import io
import os
import shutil
import signal
import sys
import time
import traceback
import unittest
from pathlib import Path
from typing import Any

import placeholders
import tensors

import torch

SECONDS = 300  # that a test may take


class Recorder:
    """What one test compiles, loads and runs."""

    def __init__(self, out: Path, test: str):
        self.out = out
        self.test = test
        self.count = 0
        self.seen: set[str] = set()

    def folder(self, package: Path, model: str) -> Path:
        folder = self.out / f"{self.test}.{self.count}"
        self.count += 1
        folder.mkdir(parents=True)
        shutil.copy(package, folder / "package.pt2")
        (folder / "model.txt").write_text(model)
        return folder

    def compiled(self, package: Any) -> None:
        """Keeps a package that the test may never load."""
        content = package.getvalue() if isinstance(package, io.BytesIO) else Path(package).read_bytes()
        kept = self.out / f"{self.test}.compiled" / f"{hashlib.sha256(content).hexdigest()}.pt2"
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(content)

    def loaded(self, package: Path, model: str) -> Path:
        self.seen.add(hashlib.sha256(package.read_bytes()).hexdigest())
        return self.folder(package, model)

    def finish(self) -> None:
        """Makes folders without calls of the packages that were not loaded."""
        compiled = self.out / f"{self.test}.compiled"
        for package in sorted(compiled.glob("*.pt2")):
            if package.stem not in self.seen:
                self.folder(package, "model")
        shutil.rmtree(compiled, ignore_errors=True)


RECORDER: list[Recorder] = []


class Calls:
    """The calls of one loader, until its constants are replaced."""

    def __init__(self, folder: Path | None):
        self.folder = folder
        self.count = 0

    def run(self, run: Any, inputs: list[torch.Tensor], *rest: Any) -> Any:
        if self.folder is None or not tensors.writable(inputs):
            self.stop("inputs that are not dense tensors of the CPU")
            return run(inputs, *rest)
        call = self.folder / str(self.count)
        self.count += 1
        tensors.write(tensors.beside(call, ".in"), inputs)
        given = list(inputs)  # boxed_run empties the list
        try:
            outputs = run(inputs, *rest)
        except RuntimeError as e:
            tensors.beside(call, ".error").write_text(str(e))
            raise
        tensors.write(tensors.beside(call, ".out"), [*outputs, *given])
        return outputs

    def stop(self, why: str) -> None:
        if self.folder is not None:
            (self.folder / "stopped.txt").write_text(why)
        self.folder = None


def recording(original: type, keep: Any) -> type:
    """Returns a loader's class that records its calls."""

    class Recording(original):
        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs)
            self.calls = Calls(keep(*args, **kwargs))

    def recorded(name: str) -> Any:
        method = getattr(original, name)
        return lambda self, inputs, *rest: self.calls.run(
            functools.partial(method, self), inputs, *rest
        )

    def stopping(name: str) -> Any:
        method = getattr(original, name)

        @functools.wraps(method)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            self.calls.stop("the test replaced constants")
            return method(self, *args, **kwargs)

        return call

    for name in ("run", "boxed_run"):
        if hasattr(original, name):
            setattr(Recording, name, recorded(name))
    for name in ("load_constants", "update_constant_buffer", "swap_constant_buffer"):
        if hasattr(original, name):
            setattr(Recording, name, stopping(name))
    return Recording


def keep_package(path: str, model: str = "model", *rest: Any, **named: Any) -> Path:
    return RECORDER[0].loaded(Path(path), model)


def keep_library(path: str, *rest: Any, **named: Any) -> Path | None:
    """Packages a library that the test loads without a package, as it is."""
    library = Path(path)
    beside = [
        f
        for f in library.parent.iterdir()
        if f.name.startswith(library.stem) or f.name.endswith(".wrapper_metadata.json")
    ]
    files = [str(f) for f in beside if f.suffix in (".so", ".json", ".cpp") and f.is_file()]
    package = RECORDER[0].out / f"{RECORDER[0].test}.library.pt2"
    try:
        torch._inductor.package.package_aoti(str(package), {"model": files})
        return RECORDER[0].loaded(package, "model")
    finally:
        package.unlink(missing_ok=True)


def hook() -> None:
    aoti = torch._C._aoti
    aoti.AOTIModelPackageLoader = recording(aoti.AOTIModelPackageLoader, keep_package)
    aoti.AOTIModelContainerRunnerCpu = recording(aoti.AOTIModelContainerRunnerCpu, keep_library)
    compile_and_package = torch._inductor.aoti_compile_and_package

    @functools.wraps(compile_and_package)
    def compiling(*args: Any, **kwargs: Any) -> Any:
        package = compile_and_package(*args, **kwargs)
        RECORDER[0].compiled(package)
        return package

    torch._inductor.aoti_compile_and_package = compiling


def run_test(test: unittest.TestCase, name: str, out: Path) -> str:
    """Runs a test in this process; returns what became of it."""
    recorder = Recorder(out, name)
    RECORDER.append(recorder)
    result = unittest.TestResult()
    test.run(result)
    recorder.finish()
    if result.skipped:
        return f"skipped: {result.skipped[0][1]}"
    if problems := result.errors + result.failures:
        print(problems[0][1])
        return f"failed: {problems[0][1].strip().splitlines()[-1]}"
    return "passed"


def start(test: unittest.TestCase, name: str, out: Path) -> int:
    """Starts a test in a process of its own; returns the process."""
    process = os.fork()
    if process:
        return process
    os.setpgid(0, 0)
    logs = out / "logs"
    log = os.open(logs / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    status = 1
    try:
        (logs / f"{name}.result").write_text(run_test(test, name, out))
        status = 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(status)


def finished(running: dict[int, tuple[str, float]], out: Path) -> list[str]:
    """Waits for some process to end; returns a line for each that did."""
    lines = []
    for process, (name, began) in list(running.items()):
        ended, status = os.waitpid(process, os.WNOHANG)
        if not ended and time.monotonic() - began > SECONDS:
            os.killpg(process, signal.SIGKILL)
            ended, status = os.waitpid(process, 0)
        if ended:
            del running[process]
            result = out / "logs" / f"{name}.result"
            ended_by = f"crashed: status {os.waitstatus_to_exitcode(status)}"
            lines.append(f"{name}\t{result.read_text() if result.exists() else ended_by}")
    if not lines:
        time.sleep(0.1)
    return lines


def all_tests(suite: Any) -> list[unittest.TestCase]:
    if isinstance(suite, unittest.TestCase):
        return [suite]
    return [test for part in suite for test in all_tests(part)]


def main() -> None:
    tree, out, jobs, file, *wanted = sys.argv[1:]
    module = placeholders.import_tests(Path(tree), Path(file).stem)
    if placeholders.MISSING:
        print("not in this environment:", ", ".join(placeholders.MISSING), file=sys.stderr)
    tests = {}
    for test in all_tests(unittest.defaultTestLoader.loadTestsFromModule(module)):
        name = f"{type(test).__name__}.{test.id().rsplit('.', 1)[1]}"
        if getattr(test, "device", "cpu") == "cpu":
            if not wanted or any(part in name for part in wanted):
                tests[name] = test
    hook()
    folder = Path(out)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    running: dict[int, tuple[str, float]] = {}
    with open(folder / "tests.txt", "a") as results:
        while tests or running:
            while tests and len(running) < int(jobs):
                name = next(iter(tests))
                running[start(tests.pop(name), name, folder)] = (name, time.monotonic())
            for line in finished(running, folder):
                print(line.replace("\t", ": "), file=sys.stderr, flush=True)
                print(line.splitlines()[0], file=results, flush=True)


if __name__ == "__main__":
    main()

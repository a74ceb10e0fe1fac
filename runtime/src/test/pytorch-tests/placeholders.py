"""Stands for what PyTorch's tests import and this environment lacks.

A tree of tests fits one PyTorch, and needs packages that are not installed everywhere. Names that are
missing become placeholders, so that the file can be imported; tests that use one are skipped.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
import types
import unittest
from pathlib import Path
from typing import Any

PACKAGES = ("expecttest", "hypothesis", "torchao", "torchvision")


class Placeholder:
    """A name that is not there. As a decorator it skips what it decorates."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name: str) -> "Placeholder":
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and isinstance(args[0], (type, types.FunctionType)):
            return unittest.skip(f"{self._name} is missing")(args[0])
        if IMPORTED:
            raise unittest.SkipTest(f"{self._name} is missing")
        return self

    def __bool__(self) -> bool:
        return False  # HAS_GPU and the like


IMPORTED = []  # not empty as soon as the tests run
MISSING = []


class Module(types.ModuleType):
    """A module that is not there."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self.__name__ == "expecttest" and name == "TestCase":
            return unittest.TestCase
        return Placeholder(f"{self.__name__}.{name}")


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Comes last: finds what no other finder has found."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name.split(".")[0] not in (*PACKAGES, "torch") or name in OPTIONAL:
            return None
        # PyTorch itself, and those who ask whether something is there, must see that it is not.
        needed = name == "expecttest" or importer().is_relative_to(TREE[0])
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if needed else None

    def create_module(self, spec: Any) -> types.ModuleType:
        MISSING.append(spec.name)
        return Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


OPTIONAL = ("torchvision",)  # asked for in a try: tests without it skip themselves
TREE = [Path("/")]


def importer() -> Path:
    """Returns the file with the import statement."""
    frame = sys._getframe()
    while frame.f_code.co_filename == __file__ or "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return Path(frame.f_code.co_filename)


def import_tests(tree: Path, name: str) -> types.ModuleType:
    """Imports test/inductor/NAME.py of a source tree of PyTorch."""
    TREE[0] = tree.resolve()
    sys.meta_path.append(Finder())
    sys.path[:0] = [str(tree / "test" / "inductor"), str(tree / "test")]
    while True:
        loaded = set(sys.modules)
        try:
            module = importlib.import_module(name)
            IMPORTED.append(True)
            return module
        except ImportError as e:
            wanted = re.match(r"cannot import name '(\w+)' from '([\w.]+)'", str(e))
            if not wanted or hasattr(sys.modules.get(wanted[2]), wanted[1]):
                raise
            setattr(sys.modules[wanted[2]], wanted[1], Placeholder(f"{wanted[2]}.{wanted[1]}"))
            MISSING.append(f"{wanted[2]}.{wanted[1]}")
            for half in set(sys.modules) - loaded:  # imported again
                if getattr(sys.modules[half], "__file__", None) and Path(
                    sys.modules[half].__file__
                ).is_relative_to(TREE[0]):
                    del sys.modules[half]

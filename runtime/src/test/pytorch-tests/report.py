"""Runs what capture.py kept, and prints what of it equals PyTorch's answers.

    report.py OUT TABLE COMMAND ...

COMMAND starts the JVM, and takes the name of an engine. TABLE gets the same as Markdown.
"""

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import replay
import tensors

import torch

ENGINES = ("libtorch", "built-in")
GOOD = ("equal", "equal, random", "raises, too")


@dataclass
class Run:
    """What became of a package: a word that is counted, and the reason."""

    word: str
    reason: str = ""

    def text(self) -> str:
        return f"{self.word}: {self.reason}" if self.reason else self.word


def judge(folder: Path, engine: str, result: str) -> Run:
    """Compares a run with PyTorch's."""
    word, _, reason = result.partition(" ")
    if word == "ended":
        return Run("ends the JVM", reason)
    if word == "refused":
        return Run("needs libtorch" if engine == "built-in" else "refused", reason)
    words = []
    for call in replay.calls(folder):
        run = judge_call(folder, engine, call)
        if run.word not in GOOD:
            return run
        words.append(run.word)
    return Run(max(words, key=GOOD.index, default="loads"))


def judge_call(folder: Path, engine: str, call: str) -> Run:
    error = folder / f"{call}.{engine}.error"
    wanted_error = folder / f"{call}.pytorch.error"
    if wanted_error.exists():
        if error.exists():
            return Run("raises, too")
        return Run("wrong", f"call {call} gives outputs; PyTorch: {wanted_error.read_text()}")
    if error.exists():
        return Run("fails", f"call {call}: {error.read_text()}")
    expected = tensors.read(folder / f"{call}.pytorch")
    actual = tensors.read(folder / f"{call}.{engine}")
    difference = tensors.difference(actual, expected)
    if not difference:
        return Run("equal")
    # Random numbers, and memory that nothing was written to.
    first = folder / f"{call}.out"
    if tensors.beside(first, ".txt").exists():
        if tensors.difference(tensors.read(first), expected) and same_types(actual, expected):
            return Run("equal, random")
    return Run("wrong", f"call {call}: {difference}")


def same_types(actual: list, expected: list) -> bool:
    return list(map(tensors.describe, actual)) == list(map(tensors.describe, expected))


def shortened(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 3] + "..."


def report(runs: dict[Path, dict[str, Run]], tests: Counter, table: Path) -> bool:
    rows, totals = [], {engine: Counter() for engine in ENGINES}
    notes = []
    for folder, by_engine in runs.items():
        cells = [by_engine["PyTorch"].word]
        for engine in ENGINES:
            run = by_engine.get(engine, Run("-"))
            cells.append(run.word)
            totals[engine][run.word] += run.word != "-"
            if run.reason and run.word != "needs libtorch":
                notes.append(f"{folder.name}, {engine}: {shortened(run.text(), 400)}")
        if by_engine["PyTorch"].reason:
            notes.append(f"{folder.name}, PyTorch: {shortened(by_engine['PyTorch'].reason, 300)}")
        rows.append((folder.name.partition(".")[2], *cells))
        print("{:<90} {:<8} {:<14} {}".format(*rows[-1]))
    print("\ntests:", ", ".join(f"{count} {word}" for word, count in tests.items()))
    own = Counter(by_engine["PyTorch"].word for by_engine in runs.values())
    print(f"{len(runs)} packages; PyTorch:", ", ".join(f"{n} {word}" for word, n in own.items()))
    for engine in ENGINES:
        print(f"{engine}:", ", ".join(f"{n} {word}" for word, n in totals[engine].items() if n))
    print()
    for note in notes:
        print(note)
    lines = ["| package | PyTorch | libtorch | built-in |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    table.write_text("\n".join(lines) + "\n")
    bad = ("wrong", "fails", "refused", "ends the JVM")
    return not any(totals[engine][word] for engine in ENGINES for word in bad)


def main() -> None:
    out, table, *command = sys.argv[1:]
    folder = Path(out).resolve()
    folders = replay.packages(folder)
    runs: dict[Path, dict[str, Run]] = {}
    torch.set_num_threads(1)
    for package in folders:
        word, _, reason = replay.with_pytorch(package).partition(" ")
        words = {"done": "runs", "refused": "refuses", "ended": "ends it"}
        runs[package] = {"PyTorch": Run(words[word], reason)}
    able = [f for f in folders if runs[f]["PyTorch"].word == "runs"]
    for engine in ENGINES:
        for package, result in replay.with_aoti4j(able, command, engine, folder).items():
            runs[package][engine] = judge(package, engine, result)
    tests = Counter(
        line.split("\t")[1].split(":")[0]
        for line in (folder / "tests.txt").read_text().splitlines()
    )
    good = report(runs, tests, Path(table))
    as_json = {f.name: {e: r.text() for e, r in by.items()} for f, by in runs.items()}
    (folder / "results.json").write_text(json.dumps(as_json, indent=1))
    replay.clean(folder)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

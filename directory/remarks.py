"""Every remark of an import as it is made, in a file a person can open: nothing is kept in memory."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .reports import Problem
from .sheets import harmless

HEADER = ("file", "row", "column", "code", "what", "what to do", "value")


@contextmanager
def written(path: Path | None, language: str) -> Iterator[Callable[[Problem], None] | None]:
    """What to give `import_package` as `listen`: it writes a line of CSV (UTF-8 with its mark) for each remark.

    None where there is no path. Raises OSError if the file cannot be written.
    """
    if path is None:
        yield None
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)

        def listen(problem: Problem) -> None:
            said = (problem.message(language), problem.advice(language), problem.detail)
            cells = (problem.file, str(problem.row), problem.column, problem.code, *said)
            writer.writerow([harmless(cell) for cell in cells])

        yield listen

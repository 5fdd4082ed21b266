"""What an import tells the person who sent the package: row by row, what was wrong and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .messages import MESSAGES

MOST_PROBLEMS, MOST_OF_A_KIND = 10_000, 1_000
"""Problems kept in the report, in all and of one kind in one file; all are counted, and given to `listen` if set."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far an import is: the file it reads or the step it is at (STEPS), rows or services done, and its share."""

    name: str
    done: int
    share: float


STEPS = ("finishing", "routes", "search")
"""What comes after the files."""

Progress = Callable[[Step], None]
"""Called after each batch."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `row` is the line in the file (header: 1); 0 speaks of the file. Never holds an address."""

    file: str
    row: int
    column: str
    code: str
    detail: str = ""

    def message(self, language: str = "en") -> str:
        """What is wrong, in `language`."""
        return MESSAGES[self.code][language][0]

    def advice(self, language: str = "en") -> str:
        """What to do about it, in `language`."""
        return MESSAGES[self.code][language][1]


@dataclass(slots=True)
class TableCount:
    """What became of the rows of one file: read = created + updated + kept + rejected."""

    file: str
    entity: str
    read: int = 0
    created: int = 0
    updated: int = 0
    kept: int = 0
    rejected: int = 0
    removed: int = 0
    """Rows of an earlier import of this source whose owner is in the package and which are in it no more."""
    kept_as: str = ""
    """Of a table there is no place for: what its rows are kept as."""
    unsure: bool = False
    """Whether a row fell whose id could not be read: then nobody knows which rows are gone, and none is removed."""

    @property
    def adds_up(self) -> bool:
        """Whether every row read is accounted for."""
        return self.read == self.created + self.updated + self.kept + self.rejected


@dataclass(frozen=True, slots=True)
class UnknownTerm:
    """A word of another vocabulary that stands for none of our needs yet: kept, and listed here to be mapped."""

    taxonomy: str
    code: str
    name: str
    services: int


@dataclass(slots=True)
class ImportReport:
    """The whole of an import. `refused` names why nothing was written, if so; a dry run never writes."""

    source: str
    dry_run: bool
    tables: list[TableCount] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(file, code) -> how many problems, told one by one or not."""
    unknown_terms: list[UnknownTerm] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    known: int = 0
    """Rows of this source that were here before, in all tables."""
    changed: int = 0
    """Of those: changed or removed. An updated row of which nothing differs is not one."""
    gone: int = 0
    """Services of this source that are offered here and are in the package no more: they stay as they are."""
    services: int = 0
    services_without_area: int = 0
    services_without_need: int = 0
    seconds: float = 0.0
    refused: Problem | None = None
    listen: Callable[[Problem], None] | None = field(default=None, repr=False)
    """Given each problem as it is told, also those the report only counts."""

    def tell(self, problem: Problem) -> None:
        """Add a problem."""
        self.counts[problem.file, problem.code] += 1
        if len(self.problems) < MOST_PROBLEMS and self.counts[problem.file, problem.code] <= MOST_OF_A_KIND:
            self.problems.append(problem)
        if self.listen is not None:
            self.listen(problem)

    @property
    def adds_up(self) -> bool:
        """Whether every row of every file is accounted for."""
        return all(t.adds_up for t in self.tables)

    def total(self, what: str) -> int:
        """Sum of one count over the files: read, created, updated, kept, rejected or removed."""
        return sum(int(getattr(t, what)) for t in self.tables)

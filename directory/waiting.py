"""Rows that point to another row of their own table, as an agency to its parent, held until that one is written.

Written without and set afterwards, each would leave a change in the history that nobody made.
"""

from __future__ import annotations

from collections.abc import Iterator

from .readers import Row

_BATCH = 4000


class Waiting:
    """The rows of one file whose parent has not been seen; `at` is the relation's place in the row."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.rows: list[Row] = []

    def hold(self, rows: list[Row]) -> list[Row]:
        """Keep the rows that have a parent; the others are given back."""
        self.rows += [row for row in rows if row.relations[self._at] is not None]
        return [row for row in rows if row.relations[self._at] is None]

    def parents(self) -> set[str]:
        """What is waited for. Nothing is its own parent: that relation is left to be told."""
        return {parent for row in self.rows if (parent := row.relations[self._at]) and parent != row.source_id}

    def release(self, known: set[str]) -> list[Row]:
        """A batch of the rows whose parent is known."""
        ready, rest = list[Row](), list[Row]()
        for row in self.rows:
            fits = row.relations[self._at] in known and row.relations[self._at] != row.source_id
            (ready if fits and len(ready) < _BATCH else rest).append(row)
        self.rows = rest
        return ready

    def rest(self) -> Iterator[list[Row]]:
        """The rows whose parent never came, in batches."""
        for row in self.rows:
            if row.relations[self._at] == row.source_id:
                row.relations[self._at] = f"{row.source_id}\N{NO-BREAK SPACE}"  # leads nowhere: cleared, and told
        for start in range(0, len(self.rows), _BATCH):
            yield self.rows[start : start + _BATCH]
        self.rows = []

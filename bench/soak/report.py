"""What a soak found: a line a check, passed or not; kept in a file, so that a run that was cut off goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that had to hold, what was found, and whether it did."""

    what: str
    found: str
    passed: bool


class Kept:
    """The checks of finished parts in a JSON file; a part counts as done only if it was asked the same and passed."""

    def __init__(self, path: Path, asked: str) -> None:
        """`asked`: what the run was asked, in words; checks kept from another question are not believed."""
        self._path, self._asked = path, asked

    def passed(self, part: str) -> list[Check] | None:
        """The checks of a part that has passed already, or None."""
        kept = self._read().get(part)
        if kept is None or kept["asked"] != self._asked:
            return None
        found = [Check(one["what"], one["found"], one["passed"]) for one in kept["checks"]]
        return found if holds(found) else None

    def keep(self, part: str, found: Sequence[Check]) -> None:
        """Remember what a part found."""
        everything = self._read() | {part: {"asked": self._asked, "checks": [asdict(one) for one in found]}}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(everything, indent=1), "utf-8")
        partial.replace(self._path)

    def _read(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads(self._path.read_text("utf-8")) if self._path.exists() else {}
        return found


def holds(found: Sequence[Check]) -> bool:
    """Whether a part passed: something was checked, and all of it held."""
    return bool(found) and all(one.passed for one in found)


def told(found: Sequence[Check]) -> str:
    """A line a check."""
    return "\n".join(f"{'PASS' if one.passed else 'FAIL'}  {one.what}: {one.found}" for one in found)

"""What a row of a sheet was filled in from, so that one of an older state or another round is told apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from directory.inventory import TaskRow


def version_of(tasks: Sequence[TaskRow]) -> str:
    """What a row was filled in from: a digest of the rounds that ask, their answers and the service as it is shown,
    and one of what was last said to be free. A sheet of another round or an older state is told apart by it.
    """
    task = tasks[0]
    rounds = sorted((str(each.round_id), each.version) for each in tasks)
    shown = [rounds, task.name, task.names, task.status, task.assured_on]
    free = [task.available, task.unit, task.capacity_updated]
    return f"{_digest(shown)}-{_digest(free)}"


def same_service(one: str, other: str) -> bool:
    """Whether two versions of a row tell of the same rounds and the same state of the service."""
    return one.partition("-")[0] == other.partition("-")[0]


def same_free(one: str, other: str) -> bool:
    """Whether two versions of a row tell of the same capacity."""
    return one.partition("-")[2] == other.partition("-")[2]


def _digest(said: list[Any]) -> str:
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]

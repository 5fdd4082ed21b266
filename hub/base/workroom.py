"""Folders for files that lie in clear while somebody works on them: a killed process leaves none for long.

Each folder has a locked file beside it. Whoever can take the lock of another knows that nobody works there any more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_LOCK = ".lock"


@contextmanager
def workroom(home: Path) -> Iterator[Path]:
    """An empty folder in `home` that nobody else enters, for the length of the block."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = home / uuid4().hex
    handle = _locked(folder.with_suffix(_LOCK))
    assert handle is not None  # the name is new, and a sweep that comes in between ends
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        _clear(folder, handle)


def sweep(home: Path) -> int:
    """Remove the folders that nobody works in any more; how many there were. Folders of living processes stay."""
    found = 0
    for path in home.glob(f"*{_LOCK}") if home.is_dir() else ():
        if (handle := _locked(path, wait=False)) is not None:
            _clear(path.with_suffix(""), handle)
            found += 1
    return found


def _locked(path: Path, *, wait: bool = True) -> int | None:
    """The file's descriptor once it is ours, and is still the file of that name; None where somebody has it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            return None
        if path.exists() and path.stat().st_ino == os.fstat(handle).st_ino:
            return handle
        os.close(handle)  # swept between our opening and our locking it


def _clear(folder: Path, handle: int) -> None:
    """The folder goes before its lock: what is left without one would never be found."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(_LOCK).unlink(missing_ok=True)
    os.close(handle)

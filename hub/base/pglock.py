"""Who owns the folder of an embedded PostgreSQL, and who else uses its server: two locked files.

The server inherits the one, in which its owner wrote how to reach it; each process that joined shares the other.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from hub.base.pgfiles import AlreadyRunning

_PATIENCE = 40
"""Seconds a killed owner's server is given to go."""


class Ownership:
    """The lock of one folder. PostgreSQL inherits the locked file: nobody takes it while any process of it is left."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._handle = -1
        self._joined = -1

    @property
    def handle(self) -> int:
        """The locked file's descriptor, for the server to inherit."""
        return self._handle

    def take(self) -> None:
        """Become the owner. Raises `AlreadyRunning` if another process is, or this one already."""
        if self._handle >= 0:
            raise AlreadyRunning(f"this process already runs the PostgreSQL in {self._home}")
        handle = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                owner = _note(handle).get("owner", 0)
                if (owner and alive(owner)) or time.monotonic() > end:
                    os.close(handle)
                    raise AlreadyRunning(
                        f"the PostgreSQL in {self._home} is in use by process {owner or 'unknown'}: stop that one, or "
                        "set HUB_STATE_DIR to another folder"
                    ) from None
                time.sleep(0.02)  # its owner was killed; it is on its way down
        self._handle = handle
        self.note()

    def note(self, **reached: Any) -> None:
        """Write down who owns it and, once it runs, `host` and `port` of the server."""
        os.truncate(self._handle, 0)
        os.pwrite(self._handle, json.dumps({"owner": os.getpid(), **reached}).encode(), 0)

    def release(self) -> None:
        """Give it up; harmless if it is not ours."""
        if self._handle >= 0:
            os.truncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1

    def join(self) -> bool:
        """Say that we use the server of another process, which then waits for us before it stops. False: it ends.

        Ask `running` afterwards, not before.
        """
        handle = os.open(self._home / "users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._joined = handle
        return True

    def leave(self) -> None:
        """Use it no longer; harmless if we never did."""
        if self._joined >= 0:
            os.close(self._joined)
            self._joined = -1

    def unused(self) -> bool:
        """Whether no other process uses our server; from then on none can, until we have left too."""
        if self._joined < 0:
            self._joined = os.open(self._home / "users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._joined, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def running(self) -> tuple[str, int] | None:
        """Host and port of the server that a living process of ours runs here now; else None."""
        try:
            handle = os.open(self._home / "lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            said = _note(handle)
            return (said["host"], said["port"]) if "host" in said and alive(said["owner"]) else None
        finally:
            os.close(handle)
        return None


def _note(handle: int) -> dict[str, Any]:
    """What the lock's owner wrote. Empty if half-written."""
    try:
        note: dict[str, Any] = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return note


def alive(process: int) -> bool:
    """Whether a process of this id exists."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

"""The embedded PostgreSQL: a private server on the wheel's programs, for demo, trial and tests.

It runs as a non-root account, asks a random password over SCRAM, listens on a socket in a 0700 folder alone, has one
owner, and ends with that owner, also by kill -9 and from whichever thread it was started (see `pgwatch`).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from hub.base import pgwatch
from hub.base.pgfiles import (
    ELSEWHERE,
    Account,
    AlreadyRunning,
    EmbeddedFailed,
    bindir,
    home_for,
    programs_for,
    socket_folder,
)
from hub.base.pginit import ENVIRONMENT, initialise
from hub.base.pglock import Ownership, alive

__all__ = ["AlreadyRunning", "EmbeddedFailed", "EmbeddedPostgres", "bindir"]

ADMIN, OWNER, APP = "hub_admin", "hub_owner", "hub_app"
_LOG_ROOM = 5_000_000
_USUAL = {
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # PostgreSQL would write the failing row and statement into its log: people's data.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}
_SAFE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}


class EmbeddedPostgres:
    """One server over the folder `home`. `fast` gives up durability and is for tests alone."""

    def __init__(
        self,
        home: Path,
        *,
        programs: str = "",
        run_as: str = "",
        tcp: bool = False,
        fast: bool = False,
        options: Mapping[str, str] | None = None,
        elsewhere: Path = ELSEWHERE,
    ) -> None:
        self.account = Account.choose(run_as)
        self.home = home_for(home, self.account, elsewhere)
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self.tcp, self.fast = tcp, fast
        self.options = {**_USUAL, **(_FAST if fast else _SAFE), **(options or {})}
        self._programs = programs
        self._owned = Ownership(self.home)
        self._watch: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server, making its data folder if there is none; the superuser's postgresql:// URL.

        Blocks, for about a second; call it through `asyncio.to_thread` in a running loop. Raises `AlreadyRunning` if
        another process owns the folder, `EmbeddedFailed` with the reason for all else.
        """
        self._owned.take()
        try:
            programs = programs_for(bindir(self._programs), self.home, self.account)
            if not (self.data / "PG_VERSION").exists():
                initialise(self.home, programs, self.account, ADMIN, (OWNER, APP), sync=not self.fast)
            self._drop_stale_pid()
            for attempt in range(3):
                try:
                    return self._run(programs)
                except EmbeddedFailed as error:
                    if not self.tcp or "bind" not in str(error) or attempt == 2:
                        raise
            raise AssertionError("unreachable")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and wait until it has gone; harmless if it is not running."""
        self._stop_watch()
        self._owned.release()
        self._owned.leave()

    def join(self) -> str | None:
        """The superuser's URL if another process of ours runs this server now: it waits until we `leave`. Else None."""
        url = self.running() if self._owned.join() else None
        if url is None:
            self._owned.leave()
        return url

    def leave(self) -> None:
        """Use the server joined no longer."""
        self._owned.leave()

    def unused(self) -> bool:
        """Whether nobody has joined our server; if so, nobody can any more, until it has been stopped."""
        return self._owned.unused()

    def running(self) -> str | None:
        """The superuser's URL if another process of ours runs this server now; else None."""
        found = self._owned.running()
        return self._url(*found) if found else None

    def passwords(self) -> dict[str, str]:
        """Passwords of the server's own roles, by role; made once, kept in a 0600 file beside the data."""
        found: dict[str, str] = json.loads((self.home / "passwords.json").read_text())
        return found

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _stop_watch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            assert watch.stdin is not None
            assert watch.stdout is not None
            with contextlib.suppress(OSError):
                watch.stdin.write(b"q")  # a forked child of ours may hold the pipe too: closing alone is not enough
                watch.stdin.flush()
            with contextlib.suppress(OSError):
                watch.stdin.close()
            watch.wait(60)
            watch.stdout.close()

    def _drop_stale_pid(self) -> None:
        """After kill -9 a pid file stays; if its number is another program's by now, PostgreSQL would never start."""
        file = self.data / "postmaster.pid"
        try:
            process = int(file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if not alive(process):
            return  # PostgreSQL deals with it, and looks at the old shared memory too
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process}/cwd").resolve() == self.data.resolve():
                raise EmbeddedFailed(f"process {process} runs a PostgreSQL on {self.data} that is not ours: stop it")
        file.unlink()

    def _run(self, programs: Path) -> str:
        sockets, passing = socket_folder(self.home, self.account)
        port = _free_port() if self.tcp else 5432
        settings = {**self.options, "listen_addresses": "127.0.0.1" if self.tcp else ""}
        command = [str(programs / "postgres"), "-D", str(self.data), "-k", str(sockets), "-p", str(port)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        uid, gid = (self.account.uid, self.account.gid) if self.account else (-1, -1)
        if self.log.exists() and self.log.stat().st_size > _LOG_ROOM:
            self.log.replace(self.log.with_suffix(".log.1"))
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        before = os.fstat(log).st_size
        asked = [sys.executable, "-I", "-S", str(Path(pgwatch.__file__).resolve()), str(os.getpid()), str(uid)]
        asked += [str(gid), "3" if self.fast else "2", str(sockets) if passing else "", "--"]
        try:
            self._watch = watch = subprocess.Popen(  # noqa: S603 - our own command, no shell
                [*asked, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=(self._owned.handle,),
                start_new_session=True,  # Ctrl-C at the terminal is for us; we stop PostgreSQL after our own work
                cwd="/",
                env=ENVIRONMENT,
            )
        finally:
            os.close(log)
        if not self._ready(watch):
            code = watch.poll()
            self._stop_watch()
            with self.log.open(errors="replace") as file:
                file.seek(before)
                said = file.read()[-800:].strip()
            raise EmbeddedFailed(f"PostgreSQL did not start (exit code {code}); {self.log} says:\n{said}")
        host = "127.0.0.1" if self.tcp else str(sockets)
        self._owned.note(host=host, port=port)
        return self._url(host, port)

    def _ready(self, watch: subprocess.Popen[bytes]) -> bool:
        """Whether the server takes connections within a minute; a pid file from before does not count."""
        assert watch.stdout is not None
        end, server = time.monotonic() + 60, 0
        while time.monotonic() < end and watch.poll() is None:
            if not server:
                if select.select([watch.stdout], [], [], 0.2)[0]:
                    server = int(watch.stdout.readline() or b"-1")
                continue
            with contextlib.suppress(OSError, ValueError):
                lines = (self.data / "postmaster.pid").read_text().split("\n")
                if len(lines) >= 8 and int(lines[0]) == server and lines[7].strip() == "ready":
                    return True
            time.sleep(0.005)
        return False

    def _url(self, host: str, port: int) -> str:
        where = f"@/postgres?host={quote(host, safe='/')}&port={port}" if host[0] == "/" else f"@{host}:{port}/postgres"
        return f"postgresql://{ADMIN}:{self.passwords()[ADMIN]}{where}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

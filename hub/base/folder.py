"""The state folder: whether this account can keep something in it, and making it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hub.base.errors import NotFit

_ADVICE = "set HUB_STATE_DIR to a folder this account may write in"


def unfit(path: Path) -> str:
    """Why nothing can be kept in a folder that is there or would be made; empty if it can. Nothing is left behind."""
    there = path.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        return f"nothing can be kept in the folder {path} ({error.strerror or type(error).__name__})"
    return ""


def made(path: Path) -> Path:
    """The folder, made if it was not there. Raises `NotFit` if it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotFit(f"HUB_STATE_DIR: the folder {path} cannot be made ({error.strerror}): {_ADVICE}") from None
    if why := unfit(path):
        raise NotFit(f"HUB_STATE_DIR: {why}: {_ADVICE}")
    return path

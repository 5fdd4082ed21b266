"""The product stands alone: nothing that is shipped names a machine it was made on, or what it was made with."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]


def _joined(*words: tuple[str, str]) -> str:
    """Words of which each stands here in two halves, lest this file be found itself."""
    return "|".join(map("".join, words))


_PLACES = _joined(("ho", "me"), ("ro", "ot"), ("wo", "rk"), ("Us", "ers"))
_MAKERS = _joined(
    ("cla", "ude"), ("anth", "ropic"), ("open", "ai"), ("chat", "gpt"), ("gpt-", r"\d"), ("co", "pilot"), ("ll", "m"),
    ("sub", "agent"), ("work", "tree"), ("ai ", "(tool|assistant|model|session)"), ("language ", "model"),
)  # fmt: skip
FOREIGN = re.compile(rf"(?<![\w.])/({_PLACES})/|\.\./sha" + rf"red\b|\b({_MAKERS})s?\b", re.IGNORECASE)
"""Folders of somebody's machine, and words of tools that write."""
NOT_SHIPPED = {
    ".git", ".venv", ".tools", ".state", ".env", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache",
    ".pytest_cache", ".import_linter_cache", ".hypothesis", "static", "dist",
}  # fmt: skip
"""What git ignores."""


def shipped() -> Iterator[tuple[str, str]]:
    """Every file of text in the repository, at its root too, whatever it is called: (name, text)."""
    for folder, inside, names in os.walk(HOUSE):
        inside[:] = [name for name in inside if name not in NOT_SHIPPED]
        for path in (Path(folder) / name for name in names if name not in NOT_SHIPPED):
            body = path.read_bytes() if path.is_file() and not path.is_symlink() else b"\0"
            if b"\0" not in body:
                yield path.relative_to(HOUSE).as_posix(), body.decode("utf-8")


def test_the_product_names_no_machine() -> None:
    """No path of anybody's machine and no word of tools: in code, tests, papers, settings, locks."""
    texts = dict(shipped())
    assert texts.keys() >= {
        "README.md", "CHANGELOG.md", "Makefile", "Dockerfile", "compose.yaml", "pyproject.toml", ".ci/run",
        ".gitignore", "tests/conftest.py", "docs/operations.md", "bench/__main__.py", "graphql/schema.graphql",
        "alembic/HEAD", "hub/console/templates/who_saw.html", "hub/cli.py", "requirements.lock",
        "tests/house/test_shipped.py",
    }  # fmt: skip
    assert {name: told[0] for name, text in texts.items() if (told := FOREIGN.search(text))} == {}


@pytest.mark.parametrize(
    "halves",
    [("see /ho", "me/me/x"), ("COPY /ro", "ot/x"), ("cd /wo", "rk/main"), ("../sha", "red/design"), ("by Cla", "ude"),
     ("an L", "LM"), ("a sub", "agent said"), ("in a work", "tree"), ("an AI ", "tool"), ("Open", "AI")],
)  # fmt: skip
def test_what_names_a_machine_or_a_tool_is_found(halves: tuple[str, str]) -> None:
    assert FOREIGN.search("".join(halves))


@pytest.mark.parametrize(
    "halves",
    [("hub/ho", "me/"), ("/hub/wo", "rk"), ("a sess", "ion ends"), ("https://x.example/a/wo", "rk/"), ("ro", "oted")],
)
def test_what_names_none_is_left_alone(halves: tuple[str, str]) -> None:
    assert not FOREIGN.search("".join(halves))

"""The lawyer's page is the table: every row, in both languages, and the file in the repository equals the export."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import hub
from hub.policy.render import ZH, markdown
from hub.policy.rules import FORBIDS, PERMITS
from hub.policy.terms import Category, Obligation, Purpose, Role, Standing

ROOT = Path(hub.__path__[0]).parent


def test_the_page_in_the_repository_is_the_export() -> None:
    """If this fails the table was changed: `hub policy render` writes the page anew, and a lawyer reads it again."""
    assert (ROOT / "docs" / "policy.md").read_text("utf-8") == markdown()


def test_every_row_stands_in_both_languages() -> None:
    """In order, with its article; no Chinese row is left over."""
    page, place = markdown(), 0
    told: dict[str, int] = {}
    for code, row in [(row.code, row) for row in FORBIDS] + [(str(row.basis), row) for row in PERMITS]:
        chinese = ZH[code][told.get(code, 0)]
        told[code] = told.get(code, 0) + 1
        line = f"| {code} | {row.says}<br>{chinese} |"
        assert page.count(line) == 1
        assert page.index(line) > place
        place = page.index(line)
        assert row.articles in page[place : page.index("\n", place)]
        assert re.search("[\u4e00-\u9fff]", chinese)
    assert {code: len(texts) for code, texts in ZH.items()} == told | {"F6": 1, "F7": 1}
    assert "**F6, void grants** (DVPA 50-1). 相對人" in page
    assert "**F7, the shelter's address** (DVPA 56). 庇護所" in page


def test_every_word_is_listed_and_the_tables_are_tables() -> None:
    """Each closed term stands on the page, and each row of a table has the cells of its head."""
    page = markdown()
    for words in (Role, Standing, Category, Purpose, Obligation):
        assert all(re.search(rf"\b{word}\b", page) for word in words)
    for table in re.findall(r"(?:^\|.*\|\n)+", page, re.MULTILINE):
        assert len({line.count(" | ") for line in table.splitlines()}) == 1
    assert page.endswith("\n")
    assert not page.endswith("\n\n")


def test_the_page_is_the_same_in_every_process() -> None:
    """Sets have no order of their own; the page must."""
    told = {
        subprocess.run(
            [sys.executable, "-c", "from hub.policy.render import markdown; print(markdown(), end='')"],
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout.decode()
        for seed in ("1", "2")
    }
    assert told == {markdown()}

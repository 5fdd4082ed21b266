"""What `hub directory` prints: no two endings of one import, no place where there is none, no bare errno."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from directory.reports import ImportReport, Problem
from hub.cli import app
from hub.directory_commands import _tell


def test_a_refused_import_ends_once(capsys: pytest.CaptureFixture[str]) -> None:
    refused = Problem("", 0, "", "source_needed")
    report = ImportReport("", dry_run=False, refused=refused)
    report.tell(refused)
    report.tell(Problem("services.csv", 0, "", "big5"))
    report.tell(Problem("services.csv", 7, "name", "missing_value"))
    _tell(report, "en")
    said = capsys.readouterr().out
    assert "Written" not in said
    assert not re.search(r"^:|:0", said, re.MULTILINE)
    assert said.startswith(refused.message())
    assert re.search(r"^services\.csv: ", said, re.MULTILINE)
    assert re.search(r"^services\.csv:7 name: ", said, re.MULTILINE)


def test_an_export_needs_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_MODE", "test")
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path / "state"))
    done = CliRunner().invoke(app, ["directory", "export", str(tmp_path / "none" / "a.zip")])
    assert done.exit_code == 2
    assert "there is no folder" in re.sub(r"\s+", " ", done.output)
    assert not (tmp_path / "state").exists()

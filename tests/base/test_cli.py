"""The command line as a person meets it: real processes, one clear line for what they can mend."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-c", "from hub.cli import main; main()"]


def hub(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`hub` with nothing of this machine's HUB_* in its environment, and no terminal."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return subprocess.run(
        [*PROGRAM, *arguments],
        env={**clean, "HUB_STATE_DIR": str(folder), "COLUMNS": "200", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("command", [["migrate"], ["audit", "verify"]])
def test_a_bad_setting_is_one_line(command: list[str], tmp_path: Path) -> None:
    done = hub(*command, folder=tmp_path, HUB_DATABASE_POOL="none-of-it")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert "HUB_DATABASE_POOL" in done.stderr
    assert "none-of-it" not in done.stderr


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    done = hub("migrate", folder=tmp_path, HUB_DATABASE_URL="postgresql://a:hidden-word@127.0.0.1:1/x")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hub doctor" in done.stderr
    assert "hidden-word" not in done.stderr


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    assert hub("nonsense", folder=tmp_path).returncode == 2


def test_the_doctor_goes_by_its_findings(tmp_path: Path) -> None:
    done = hub("doctor", folder=tmp_path)
    assert done.returncode == 1
    assert "HUB_MASTER_KEY" in done.stdout
    assert "HUB_OIDC_ISSUER" in done.stdout

"""The command line as a person meets it: real processes, one clear line for what they can mend."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from hub.base.databases import Urls

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


async def test_a_chain_nobody_seals_is_not_called_whole(urls: Urls, owner_url: str, tmp_path: Path) -> None:
    """55 entries and no worker: exit code 1 and a line that says why, from `audit verify` and from the doctor."""
    where = {
        "HUB_MODE": "test",
        "HUB_DATABASE_URL": urls.owner,
        "HUB_DATABASE_APP_PASSWORD": urls.app_password,
    }
    connection = await asyncpg.connect(owner_url)
    entry = (
        "insert into audit_entry (at, actor_id, agency_id, action, subject, case_ids, body) "
        "select now() - $1::interval,"
        " gen_random_uuid(), gen_random_uuid(), 'referral.send', '', '{}', '{}' from generate_series(1, 55)"
    )
    await connection.execute(entry, timedelta(minutes=1))
    await connection.close()
    done = hub("audit", "verify", folder=tmp_path, **where)
    assert done.returncode == 1
    assert "unsealed: 55 entries since" in done.stdout
    assert "NOT whole" in done.stderr
    assert "`hub work`" in done.stderr
    done = hub("audit", "verify", folder=tmp_path, HUB_SEAL_LATE="3600", **where)
    assert done.returncode == 3, "nothing is wrong, and no head from outside was there"
    assert "agrees with itself" in done.stderr
    done = hub("doctor", folder=tmp_path, **where)
    assert done.returncode == 1
    assert "55 audit entries are not sealed" in done.stdout
    assert "no worker runs" in done.stdout


def test_a_command_before_the_first_migration_says_what_to_do(open_folder: Path) -> None:
    done = hub("audit", "verify", folder=open_folder)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert "hub migrate" in done.stderr

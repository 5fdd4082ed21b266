"""Every wrong setting is one line that names it and says what to do, in each command; never a traceback."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hub.base import folder
from hub.base.doctor import examine
from hub.base.fitness import Finding, NotFit, of_settings
from hub.base.postgres import ADMIN, APP, EmbeddedPostgres
from hub.base.settings import Settings, unknown
from tests.base.test_cli import hub
from tests.base.test_doctor import bad
from tests.base.test_fitness import ENVIRONMENT, FIT
from tests.support.hub import free_port

NOBODY = "postgresql://hub_app:secret-word@127.0.0.1:1/hub"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_port", "70000"), ("smtp_port", "0"), ("smtp_port", "-1"), ("port", "0"), ("port", "70000"),
        ("smtp_from", ""), ("smtp_from", "nobody"), ("smtp_from", "a@b.example, c@d.example"), ("smtp_from", "<a@b> c"),
        ("smtp_from", "a@b.example\r\nBcc: c@d.example"), ("smtp_from", "Hub\n <a@b.example>"),
        ("smtp_host", "mail\n"), ("public_url", "https://hub.example/\r\nx"), ("oidc_client_secret", "a\nb"),
        ("state_dir", ""), ("worker_tick", "nan"), ("country", "XX"), ("smtp_starttls", "maybe"),
    ],
)  # fmt: skip
def test_what_can_be_no_setting_is_refused_as_it_is_read(name: str, value: str) -> None:
    given: dict[str, Any] = {name: value}
    with pytest.raises(ValidationError) as refused:
        Settings(**given)
    assert [one["loc"] for one in refused.value.errors()] == [(name,)]


@pytest.mark.parametrize("value", ["hub@agency.example", "Hub <hub@agency.example>", "轉介 <hub@agency.example>"])
def test_senders_that_may_be(value: str) -> None:
    assert Settings(smtp_from=value).smtp_from == value


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"host": "a" * 70}, "HUB_HOST"),
        ({"host": "no such host"}, "HUB_HOST"),
        ({"smtp_host": "a" * 70 + ".example"}, "HUB_SMTP_HOST"),
        ({"smtp_host": ""}, "HUB_SMTP_HOST"),
        ({"public_url": "https://hub.example:99999"}, "HUB_PUBLIC_URL"),
        ({"oidc_issuer": "https://id.example:99999"}, "HUB_OIDC_ISSUER"),
        ({"oidc_issuer": "https:// id"}, "HUB_OIDC_ISSUER"),
        ({"database_url": "postgresql://a:secret-word@127.0.0.1:99999/x"}, "HUB_DATABASE_URL"),
        ({"database_url": "postgresql://a:secret-word@127.0.0.1:x/x"}, "HUB_DATABASE_URL"),
        ({"database_url": "postgresql+psycopg://a:secret-word@127.0.0.1/x"}, "HUB_DATABASE_URL"),
        ({"database_url": "mysql://a:secret-word@127.0.0.1/x"}, "HUB_DATABASE_URL"),
        ({"database_url": "secret-word"}, "HUB_DATABASE_URL"),
        ({"database_url": "postgresql://a:secret-word@" + "b" * 70 + "/x"}, "HUB_DATABASE_URL"),
        ({"database_url": NOBODY + "?sslmode=require"}, "PGSSLMODE"),
    ],
)
async def test_the_doctor_names_what_is_wrong(change: dict[str, Any], line: str, tmp_path: Path) -> None:
    """Once, and goes on to look at everything else."""
    made = Settings(**FIT | {"state_dir": tmp_path, "database_url": NOBODY, "smtp_port": 1, **change})
    findings = [finding async for finding in examine(made)]
    told = [one for one in findings if one.bad and line in f"{one.what} {one.advice}"]
    assert told
    assert told[0] in list(of_settings(made))
    assert all(one.advice for one in told)
    assert "secret-word" not in str(findings)
    assert [one for one in findings if "the OIDC provider" in one.what or "HUB_OIDC_ISSUER" in one.what]


@pytest.mark.parametrize(
    ("command", "environment", "line"),
    [
        ("doctor", {"HUB_SMTP_PORT": "70000"}, "HUB_SMTP_PORT"),
        ("serve", {"HUB_SMTP_FROM": "a@b.example\nBcc: c@d.example"}, "HUB_SMTP_FROM"),
        ("serve", {"HUB_DATABASE_URL": "postgresql://a:secret-word@127.0.0.1:99999/x"}, "HUB_DATABASE_URL"),
        ("migrate", {"HUB_DATABASE_URL": "postgresql://a:secret-word@127.0.0.1:99999/x"}, "HUB_DATABASE_URL"),
        ("migrate", {"HUB_DATABASE_URL": NOBODY.replace("hub_app", "a")}, "HUB_DATABASE_URL"),
        ("migrate", {"HUB_STATE_DIR": "/dev/null/x"}, "HUB_STATE_DIR"),
        ("work", {"HUB_STATE_DIR": "/dev/null/x", "HUB_DATABASE_URL": NOBODY}, "HUB_STATE_DIR"),
        ("serve", {"HUB_STATE_DIR": "/dev/null/x"}, "HUB_STATE_DIR"),
    ],
)
def test_each_command_says_it_in_one_line(command: str, environment: dict[str, str], line: str, tmp_path: Path) -> None:
    done = hub(command, **{"folder": tmp_path, **ENVIRONMENT, **environment})  # type: ignore[arg-type]
    assert done.returncode in {1, 2}
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert line in done.stderr
    assert "secret-word" not in done.stderr
    assert "[Errno" not in done.stderr.partition("(")[0]


async def test_a_folder_that_cannot_be_written_is_seen(tmp_path: Path) -> None:
    """A failing where something must be kept in it, a note where nothing must; no folder is made by looking."""
    nowhere = Path("/dev/null/x")
    findings = [one async for one in examine(Settings(mode="test", state_dir=nowhere))]
    bad(findings, "HUB_STATE_DIR")
    whole = Settings(**FIT | {"state_dir": nowhere, "database_url": NOBODY})
    (found,) = [one async for one in examine(whole) if "HUB_STATE_DIR" in one.what]
    assert found.state == "note"
    assert "hub work" in found.advice
    assert folder.unfit(tmp_path / "a" / "b") == ""
    assert not os.listdir(tmp_path)
    with pytest.raises(NotFit, match="HUB_STATE_DIR"):
        folder.made(nowhere)
    assert folder.made(tmp_path / "a" / "b").is_dir()


async def test_a_name_that_is_no_setting_is_told(settings_env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the doctor, and as a warning by whatever starts; what it may hold is not repeated."""
    assert unknown(["HUB_SMPT_HOST", "HUB_PORT", "hub_port", "HUB_TEST_X", "HUB_ZZZZ", "PATH"]) == {
        "HUB_SMPT_HOST": "HUB_SMTP_HOST",
        "HUB_ZZZZ": "",
    }
    settings_env.setenv("HUB_SMPT_PASSWORD", "secret-word")
    findings = [one async for one in examine(Settings(**FIT | {"state_dir": tmp_path, "database_url": NOBODY}))]
    told = Finding("note", "HUB_SMPT_PASSWORD is no setting and changes nothing", "is HUB_SMTP_PASSWORD meant?")
    assert told in findings
    given = {**ENVIRONMENT, "HUB_DATABASE_URL": NOBODY, "HUB_SMPT_PASSWORD": "secret-word"}
    for command in ("serve", "migrate"):
        said = hub(command, folder=tmp_path, **given).stderr
        assert "HUB_SMPT_PASSWORD" in said
        assert "HUB_SMTP_PASSWORD" in said
        assert "secret-word" not in said


async def test_before_the_first_migration_the_doctor_says_to_migrate(open_folder: Path, tmp_path: Path) -> None:
    """On a server of its own that knows no role of ours: for its owner, and for the role that is not there yet."""
    with EmbeddedPostgres(open_folder / "postgres", tcp=True, fast=True) as url:
        whole = FIT | {"state_dir": tmp_path, "smtp_port": 1, "port": free_port()}
        findings = [one async for one in examine(Settings(**whole | {"database_url": url}))]
        assert bad(findings, "migrations") == Finding(
            "missing", "migrations: the database has no role hub_app yet", "run `hub migrate`"
        )
        assert not [one for one in findings if one.bad and "database" in one.what and "migrations" not in one.what]
        for user, line, advice in (
            (APP, "refuses the role hub_app", "before the first `hub migrate` there is no such role"),
            (ADMIN, "refuses its owner", "user and password"),
        ):
            made = Settings(**whole | {"database_url": f"postgresql://{user}:x@{url.partition('@')[2]}"})
            assert advice in bad([one async for one in examine(made)], line).advice

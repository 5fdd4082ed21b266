"""The soak cannot pass when something is wrong: faults planted in what it judges, and in a hub it really runs."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from bench import ground, servers, services
from bench.data import Scale
from bench.site import Say, Site
from bench.soak import __main__ as program
from bench.soak import suites, users
from bench.soak.clocks import exactly_once
from bench.soak.people import KINDS, Seen
from bench.soak.report import Check, Kept, holds, told
from hub.base.databases import Urls
from hub.base.postgres import APP, OWNER, bindir
from hub.base.settings import Settings
from tests.conftest import Server

GOOD, BAD = Check("it", "held", True), Check("it", "did not", False)


def _seen(seconds: float = 0.01, errors: Sequence[str] = ()) -> Seen:
    return Seen({kind: [seconds] * 3 for kind in KINDS}, list(errors))


def _failed(found: Sequence[Check]) -> set[str]:
    return {one.what for one in found if not one.passed}


def test_one_wrong_answer_one_missing_kind_or_slowness_fails() -> None:
    assert holds(users.answers(_seen()))
    assert _failed(users.answers(_seen(errors=["inbox: Wrong 500"]))) == {"answers without error"}
    assert "inbox: Wrong 500" in told(users.answers(_seen(errors=["inbox: Wrong 500"])))
    idle = _seen()
    idle.latencies["create"].clear()
    assert _failed(users.answers(idle)) == {"every kind of deed"}
    assert _failed(users.answers(_seen(users.MOST_P95 * 1.1))) == {"latency"}
    assert _failed(users.answers(Seen())) == {"every kind of deed", "latency"}


def test_a_leak_fails_and_so_does_a_memory_never_measured() -> None:
    assert holds(users.memory({"serve": 100}, {"serve": 129}))
    assert not holds(users.memory({"serve": 200}, {"serve": 261}))
    assert not holds(users.memory({}, {"serve": 10}))


@pytest.mark.parametrize(
    "rows", [[1, 2], [1, 2, 3, 3], [1, 2, 3, 4], []], ids=["one lost", "one twice", "one unknown", "none at all"]
)
def test_clocks_that_do_not_fire_exactly_once_fail(rows: list[int]) -> None:
    wanted = {UUID(int=n) for n in (1, 2, 3)}
    assert exactly_once(Counter(wanted), wanted).passed
    assert not exactly_once(Counter(UUID(int=n) for n in rows), wanted).passed
    assert not exactly_once({}, set()).passed


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (1, "3 passed in 2.00s"),
        (0, "2 passed, 1 skipped in 2.00s"),
        (0, "1 failed, 2 passed in 2.00s"),
        (0, ""),
        (5, "no tests ran in 0.01s"),
    ],
)
def test_a_suite_that_did_not_wholly_pass_fails(code: int, said: str) -> None:
    assert suites.judged("tests/x", "long", 0, "a figure in 5\n3 passed in 2.00s").passed
    assert not suites.judged("tests/x", "long", code, said).passed


def test_a_suite_that_takes_too_long_fails(tmp_path: Path) -> None:
    (tmp_path / "test_slow.py").write_text("def test_slow():\n    __import__('time').sleep(30)\n")
    [found] = suites.run(str(tmp_path), 2, False, _mute)
    assert not found.passed
    assert "not finished" in found.found


def test_what_is_kept_counts_only_when_it_passed_and_was_asked_the_same(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "x" / "soak.json", "30 minutes")
    kept.keep("people", [GOOD])
    kept.keep("clocks", [GOOD, BAD])
    kept.keep("audit", [])
    assert kept.passed("people") == [GOOD]
    assert [kept.passed(part) for part in ("clocks", "audit", "policy")] == [None] * 3
    assert Kept(tmp_path / "x" / "soak.json", "1 minute").passed("people") is None


@pytest.mark.parametrize(
    ("checks", "code"), [([GOOD], 0), ([GOOD, BAD], 1), ([], 1)], ids=["all held", "one failed", "nothing checked"]
)
def test_the_exit_code_tells(
    checks: list[Check], code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = []

    async def part(_asked: argparse.Namespace, _say: Say) -> list[Check]:
        runs.append(1)
        return checks

    monkeypatch.setattr(program, "PARTS", {"one": part})
    asked = ["--minutes", "1", "--state", str(tmp_path / "soak.json")]
    assert program.main(asked) == code
    assert program.main([*asked, "--resume"]) == code
    assert len(runs) == (1 if code == 0 else 2)  # what has not passed is run again
    assert ("FAIL  the soak" in capsys.readouterr().out) is (code == 1)


def _mute(_what: str) -> None:
    pass


_FAULTS = """
insert into audit_entry (at, actor_id, agency_id, action, subject, case_ids, body)
  values (now(), gen_random_uuid(), gen_random_uuid(), 'planted', '', '{}', '{}');
create function fault() returns trigger language plpgsql as $$ begin raise exception 'planted'; end $$;
create trigger fault before insert on audit_entry for each row execute function fault();
create trigger fault before insert on audit_seal for each row execute function fault();
"""
"""No deed can be recorded any more, and the one entry that is not sealed yet cannot be."""


async def test_a_hub_at_work_passes_and_with_planted_faults_does_not(
    server: Server, urls: Urls, open_folder: Path, settings_env: pytest.MonkeyPatch
) -> None:
    ports = servers.free_ports(1)
    settings = Settings(state_dir=open_folder / "state", oidc_issuer=f"http://127.0.0.1:{ports[0]}/dev-issuer")
    site = Site(open_folder, server.admin, {OWNER: "", APP: urls.app_password}, settings, bindir(""), "")
    made, found = await ground.fill(urls, settings, Scale(400, 600, 100, 60), _mute)
    wanted = services.searches(found, 10).pairs

    async def soaked(settle: float) -> dict[str, Check]:
        asked = users.Asked(3, people=8, think=0.1, settle=settle)
        return {one.what: one for one in await users.run(site, urls, made, found, wanted, ports, asked, _mute)}

    good = await soaked(60)
    for what in ("answers without error", "memory of work", "serve 1", "work", "audit verify"):
        assert good[what].passed, good[what]
    owner = await asyncpg.connect(urls.owner)
    await owner.execute(_FAULTS)
    await owner.close()
    bad = await soaked(1)
    for what in ("answers without error", "unsealed audit tail", "work", "audit verify"):
        assert not bad[what].passed, bad[what]

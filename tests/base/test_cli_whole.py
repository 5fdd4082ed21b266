"""Every command once as a real process on a real database: what it prints, what it leaves, what it refuses."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import psutil
import pytest
from openpyxl import load_workbook

from directory.county import POPULATION
from hub.audit import chain, heads
from hub.base.databases import Urls
from hub.base.db import Database
from hub.base.settings import Settings
from hub.demo.process import held
from tests.base.test_cli import PROGRAM, hub
from tests.base.test_postgres import all_gone
from tests.support.hub import free_port

HOUSE = Path(__file__).resolve().parents[2]
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
ISSUER = "https://id.hub.invalid"
FIRST = ("--subject", "first", "--name", "示範 首", "--agency", "authority", "--agency-name", "虛構主管機關")


@pytest.fixture
def template(county_template: str) -> str:
    """The county is there."""
    return county_template


@pytest.fixture
def run(urls: Urls, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`hub` on the test's database as the application's role alone, as in production but for its mode."""
    where = {"HUB_MODE": "test", "HUB_DATABASE_URL": urls.app, "HUB_AUDIT_KEY": KEY, "HUB_OIDC_ISSUER": ISSUER}
    return lambda *arguments, **more: hub(*arguments, folder=tmp_path / "state", **{**where, **more})


def refused_in_one_line(done: subprocess.CompletedProcess[str], line: str, code: int = 1) -> None:
    """It says why in one line and not how it is built."""
    assert done.returncode == code, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert line in done.stderr


@contextmanager
def running(*arguments: str, folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """`hub` for the length of the block; whatever is left of it then is killed."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    values = {"HUB_MODE": "test", "HUB_STATE_DIR": str(folder), "COLUMNS": "200", **environment}
    begun = subprocess.Popen(
        [*PROGRAM, *arguments],
        env={**clean, **values},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield begun
    finally:
        if begun.poll() is None:
            for one in (*psutil.Process(begun.pid).children(recursive=True), psutil.Process(begun.pid)):
                one.kill()
        begun.communicate(timeout=30)


def first_answer(url: str, process: subprocess.Popen[str], seconds: float = 120) -> httpx.Response:
    """What `url` answers once somebody answers."""
    end = time.monotonic() + seconds
    with httpx.Client(timeout=seconds) as client:
        while True:
            assert process.poll() is None, process.communicate()[0]
            try:
                return client.get(url)
            except httpx.TransportError:
                assert time.monotonic() < end, "nobody answers"
                time.sleep(0.05)


def test_what_is_printed_is_what_is_kept(tmp_path: Path) -> None:
    """The contract and the lawyer's page, byte for byte, and with no setting at all."""
    for command, kept in (
        (["export-schema"], "graphql/schema.graphql"),
        (["policy", "render"], "docs/policy.md"),
    ):
        done = hub(*command, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout == (HOUSE / kept).read_text("utf-8"), command


async def test_the_first_administrators(urls: Urls, run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Once, with the application's role; the second is asked for by the first and confirmed by the operator, once."""
    refused_in_one_line(await asyncio.to_thread(run, "install", *FIRST, "--network", "x"), "network:", 2)
    refused_in_one_line(await asyncio.to_thread(run, "install", *FIRST, "--issuer", "http://id.hub.invalid"), "https")
    done = await asyncio.to_thread(run, "install", *FIRST)
    assert done.returncode == 0, done.stderr
    other = [word.replace("first", "other").replace("authority", "b") for word in FIRST]
    refused_in_one_line(await asyncio.to_thread(run, "install", *other), "set up already")
    connection = await asyncpg.connect(urls.owner)
    try:
        actions = await connection.fetch("select action from audit_entry order by id")
        assert [row["action"] for row in actions] == ["agency.add", "staff.add", "staff.install"]
        for subject, role, pending in (("second", "administrator", True), ("third", "auditor", False)):
            await connection.execute(
                "with made as (insert into staff (id, issuer, subject, display_name, agency_id, created_at)"
                " select gen_random_uuid(), $1, $2, '示範', id, now() from agency limit 1 returning id)"
                " insert into staff_role (staff_id, role, pending, granted_at) select id, $3, $4, now() from made",
                ISSUER, subject, role, pending,
            )  # fmt: skip
        refused_in_one_line(await asyncio.to_thread(run, "confirm-administrator", "--subject", "third"), "no such")
        confirmed = await asyncio.to_thread(run, "confirm-administrator", "--subject", "second")
        assert confirmed.returncode == 0, confirmed.stderr
        held = "select subject from staff join staff_role on staff_id = id where role = $1 and not pending order by 1"
        assert [row[0] for row in await connection.fetch(held, "administrator")] == ["first", "second"]
        again = await asyncio.to_thread(run, "confirm-administrator", "--subject", "second")
        refused_in_one_line(again, "set up already")
    finally:
        await connection.close()


def test_migrations_need_the_owner(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    refused_in_one_line(run("migrate"), "owner")


async def test_the_chain_against_a_head_kept_outside(
    urls: Urls, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """With the head of the chain it is whole; with another's, a later one's and no head at all it is not believed."""
    assert (await asyncio.to_thread(run, "install", *FIRST)).returncode == 0
    database = Database(urls.app)
    async with database.work() as session:
        await chain.seal(session)
    async with database.work() as session:
        good = await heads.export(session, bytes(range(32)), tmp_path / "heads")
    await database.close()
    assert good is not None
    whole = await asyncio.to_thread(run, "audit", "verify", "--head", str(good))
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert "3 entries" in whole.stdout
    assert "Pass --head" not in whole.stdout
    other = base64.urlsafe_b64encode(bytes(32)).decode()
    forged = await asyncio.to_thread(run, "audit", "verify", "--head", str(good), HUB_AUDIT_KEY=other)
    assert forged.returncode == 1
    assert "NOT whole" in forged.stderr
    garbled = tmp_path / "garbled.json"
    for body in ("{", "[]", json.dumps({**json.loads(good.read_text("utf-8")), "number": "x"})):
        garbled.write_text(body, "utf-8")
        refused_in_one_line(await asyncio.to_thread(run, "audit", "verify", "--head", str(garbled)), "")
    connection = await asyncpg.connect(urls.owner)
    try:
        for table in ("audit_seal", "audit_entry"):
            await connection.execute(f"alter table {table} disable trigger user")
            await connection.execute(f"delete from {table}")
    finally:
        await connection.close()
    cut = await asyncio.to_thread(run, "audit", "verify", "--head", str(good))
    assert cut.returncode == 1
    assert "NOT whole" in cut.stderr
    assert "truncated" in cut.stdout
    alone = await asyncio.to_thread(run, "audit", "verify")  # which is why a head is kept outside
    assert alone.returncode == 3
    assert "NOT checked" in alone.stderr
    assert "is whole" not in alone.stdout
    shutil.copytree(tmp_path / "heads", tmp_path / "state" / "heads")
    known = await asyncio.to_thread(run, "audit", "verify")
    assert known.returncode == 1, "the head that the worker keeps is looked at unasked"
    assert "truncated" in known.stdout
    (tmp_path / "state" / "heads" / "latest.json").write_text("{", "utf-8")
    damaged = await asyncio.to_thread(run, "audit", "verify")
    assert damaged.returncode == 1
    assert "head: the outside head's signature does not hold" in damaged.stdout
    assert "0 entries in 0 seals" in damaged.stdout, "and the chain is walked all the same"


def test_the_directory_by_hand(
    urls: Urls, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Written as JSON, as a workbook and as the template, each of which is read again; population and sums."""
    for path, command in (
        (tmp_path / "all.json", ["export", "--format", "json"]),
        (tmp_path / "all.xlsx", ["export", "--format", "xlsx"]),
        (tmp_path / "empty.xlsx", ["template", "--language", "en"]),
    ):
        done = run("directory", command[0], str(path), *command[1:])
        assert done.returncode == 0, done.stderr
        assert "Written" in done.stdout
    assert json.loads((tmp_path / "all.json").read_text("utf-8"))
    assert "service" in " ".join(load_workbook(tmp_path / "all.xlsx", read_only=True).sheetnames)
    assert load_workbook(tmp_path / "empty.xlsx").sheetnames
    (tmp_path / "folder").mkdir()
    refused = run("directory", "export", str(tmp_path / "folder"))
    assert refused.returncode == 2
    assert "is a folder" in refused.stderr
    assert list(tmp_path.glob(".*.part")) == []
    looked = run("directory", "import", str(tmp_path / "all.json"), "--dry-run", "--source", "again")
    assert looked.returncode == 1, looked.stdout + looked.stderr
    assert "are here already" in looked.stderr + looked.stdout  # our own export, into where it came from
    people = tmp_path / "people.csv"
    rows = [f"{code},{number},{year}" for code, (number, year) in POPULATION.items()]
    people.write_text("\n".join(["code,population,year", *rows, "nowhere,1,2026"]), "utf-8")
    said = run("directory", "population", str(people)).stdout
    assert f"Set: {len(rows)} areas; not used: 1 lines." in said
    assert run("directory", "recount").returncode == 0
    assert asyncio.run(_recorded(urls)) == ["export.made", "export.made", "population.set"]


async def _recorded(urls: Urls) -> list[str]:
    connection = await asyncpg.connect(urls.owner)
    try:
        found = "select action from audit_entry where actor_id = $1 and action like any($2) order by id"
        rows = await connection.fetch(found, UUID(int=0), ["export.%", "population.%"])
    finally:
        await connection.close()
    return [row[0] for row in rows]


def test_two_web_servers_on_one_database(urls: Urls, tmp_path: Path) -> None:
    """Both answer, with the application's role alone; each ends by itself when it is told to, leaving nothing."""
    ports = (free_port(), free_port())
    where = {"HUB_DATABASE_URL": urls.app}
    with (
        running("serve", folder=tmp_path, HUB_PORT=str(ports[0]), **where) as one,
        running("serve", folder=tmp_path, HUB_PORT=str(ports[1]), **where) as two,
    ):
        for port, process in zip(ports, (one, two), strict=True):
            assert first_answer(f"http://127.0.0.1:{port}/readyz", process).status_code == 200
        one.send_signal(signal.SIGTERM)
        assert one.wait(30) in {0, -signal.SIGTERM, 128 + signal.SIGTERM}
        assert httpx.get(f"http://127.0.0.1:{ports[1]}/readyz").status_code == 200
        two.send_signal(signal.SIGINT)
        assert two.wait(30) in {0, 130, -signal.SIGINT}


def test_the_demo_from_nothing_to_nothing(open_folder: Path) -> None:
    """The first page, for whoever waited; Ctrl-C ends it, and no process of it is left."""
    port, state = free_port(), open_folder / "state"
    with running("demo", folder=state, HUB_PORT=str(port)) as process:
        page = first_answer(f"http://127.0.0.1:{port}/", process)
        assert page.status_code == 200
        assert "<main" in page.text
        began = {one.pid for one in psutil.Process(process.pid).children(recursive=True)}
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode in {0, 130}, said
    assert "Traceback" not in said
    assert all_gone(state / "postgres")
    assert not {pid for pid in began if psutil.pid_exists(pid)}


async def test_the_demo_does_not_hold_an_answer_back(settings_env: pytest.MonkeyPatch) -> None:
    """A second small write waits for no acknowledgement (Nagle): it would be 40 ms of every page."""
    port = free_port()
    settings_env.setenv("HUB_PORT", str(port))
    nagle = list[int]()

    async def look(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nagle.append(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with held(Settings()) as listening:
        async with await asyncio.start_server(look, sock=listening):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.read()
            writer.close()
    assert nagle
    assert nagle[0]


def test_the_demo_says_at_once_that_its_port_is_taken(open_folder: Path) -> None:
    """One line, before anything is made."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = hub("demo", folder=open_folder / "state", HUB_PORT=port)
    refused_in_one_line(done, f"port {port}")
    assert "HUB_PORT" in done.stderr
    assert "http://" not in done.stdout
    assert not (open_folder / "state").exists()

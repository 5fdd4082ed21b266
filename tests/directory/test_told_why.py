"""A package that is refused says where and why, leaves nothing open, and counts no row as come in."""

from __future__ import annotations

import gc
import json
import zipfile
from pathlib import Path
from typing import Any

import psutil
import pytest

from directory.unpacking import Files, Limits, PackageRefused
from hub.base.db import Database
from tests.directory.places import packed
from tests.directory.test_entities import _import

HEAD = b"id,organization_id,name\n"


@pytest.mark.parametrize(
    ("name", "raw", "row", "code"),
    [
        ("services.csv", b"id,id,organization_id,name\n1,1,o,x\n", 1, "column_twice"),
        ("services.csv", HEAD + b'1,o,a\n2,o,"x\n3,o,y\n4,o,z\n', 3, "open_quote"),
        ("services.csv", HEAD + b'1,o,"' + b"x" * (5 << 20) + b'"\n', 2, "open_quote"),
        ("services.csv", b'id,"organization_id,name\n1,o,x\n', 1, "open_quote"),
        ("services.csv", HEAD + b"1,o,a\n2,o,\xff\xfe\xfa\n3,o,b\n", 3, "encoding"),
        ("organizations.csv", b"id,name\no1,Fictional\n", 0, "no_services"),
        ("nothing.csv", b"id,name\no1,Fictional\n", 0, "no_tables"),
    ],
)
async def test_a_broken_table_is_told_by_its_line(
    db: Database, tmp_path: Path, name: str, raw: bytes, row: int, code: str
) -> None:
    (tmp_path / name).write_bytes(raw)
    report = await _import(db, tmp_path / name)
    assert report.refused is not None
    assert (report.refused.code, report.refused.row) == (code, row)
    if code == "no_services":
        assert report.refused.detail == "organizations"


async def test_what_was_refused_counts_no_row(db: Database, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", attributes=[["id", "service_id", "service_id"], ["t1", "s1", "s1"]])
    report = await _import(db, path)
    assert report.refused is not None
    assert report.total("created") == report.total("read") == 0


def test_a_refused_zip_is_closed(tmp_path: Path) -> None:
    """Also while somebody still looks at the refusal."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("../services.csv", "id\n")
    with pytest.raises(PackageRefused) as refused:
        Files(tmp_path / "a.zip", Limits())
    assert refused.value.code == "path"
    assert [file.path for file in psutil.Process().open_files() if file.path.endswith("a.zip")] == []


async def test_a_zip_refused_while_it_is_read_is_closed(db: Database, tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", services=[["id", "id"]])
    gc.disable()
    try:
        report = await _import(db, path)
        assert report.refused is not None
        assert [file.path for file in psutil.Process().open_files() if file.path.endswith("a.zip")] == []
    finally:
        gc.enable()


SERVICE = '{"id": "s1", "name": "Fictional", "organization": {"id": "o1", "name": "Agency"}}'


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ('{"id": "s2", "name": "A", "name": "B", "organization": {"id": "o1", "name": "Agency"}}', "key_twice"),
        ('{"id": "s2", "name": "A", "minimum_age": NaN, "organization": {"id": "o1", "name": "Agency"}}',
         "not_a_number"),
        ('{"id": "s2", "name": "A", "organization_id": "o1", "phones": [{"number": "1", "number": "2"}]}', "key_twice"),
    ],
)  # fmt: skip
async def test_json_that_says_two_things_or_none(db: Database, tmp_path: Path, broken: str, code: str) -> None:
    path = tmp_path / "services.json"
    path.write_text(f"[{SERVICE}, {broken}]", "utf-8")
    report = await _import(db, path)
    assert report.refused is None
    assert [p.row for p in report.problems if p.code == code] == [2]
    assert report.adds_up
    assert report.total("rejected") >= 1


async def test_a_list_is_never_lost_to_a_second_of_its_name(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(f'{{"services": [{SERVICE}], "services": []}}', "utf-8")
    report = await _import(db, path)
    assert report.refused is not None
    assert report.refused.code == "key_twice"
    kept: Any = json.loads(path.read_text("utf-8"))
    assert kept == {"services": []}  # what the standard library makes of it

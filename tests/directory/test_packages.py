"""Packages that are hostile or broken are refused by name; odd but honest ones are read."""

from __future__ import annotations

import stat
import zipfile
from datetime import date
from pathlib import Path

import pytest

from directory.messages import MESSAGES
from directory.packages import Limits, Package, PackageRefused
from directory.shapes import Column
from directory.values import read_value

DAY = Column("assured_date", (), "date", date.fromisoformat, None, True)
CSV = "id,name\n1,虛構機構\n"


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def _read(package: Package) -> list[list[str]]:
    resource = package.resources[0]
    return [cells for _, cells in package.rows(resource, package.encoding(resource))]


@pytest.mark.parametrize(
    "name", ["../organizations.csv", "/etc/organizations.csv", "a/../../b.csv", "C:\\o.csv", "a\\b.csv"]
)
def test_paths_that_leave_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackageRefused) as refusal:
        Package(_zip(tmp_path / "p.zip", {name: b"id\n"}))
    assert refusal.value.code == "path"


def test_a_descriptor_that_points_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(CSV)
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "datapackage.json").write_text('{"resources": [{"name": "organization", "path": "../secret.csv"}]}')
    with pytest.raises(PackageRefused) as refusal:
        Package(folder)
    assert refusal.value.code == "path"


def test_links_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "organizations.csv").symlink_to("/etc/passwd")
    with pytest.raises(PackageRefused) as refusal:
        Package(folder)
    assert refusal.value.code == "link"
    info = zipfile.ZipInfo("organizations.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(PackageRefused) as refusal:
        Package(tmp_path / "l.zip")
    assert refusal.value.code == "link"


def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    bomb = _zip(tmp_path / "b.zip", {"organizations.csv": b"id,name\n" + b"0" * (4 << 20)})
    package = Package(bomb, Limits(ratio=100, ratio_from_bytes=1 << 20))
    with pytest.raises(PackageRefused) as refusal:
        _read(package)
    assert refusal.value.code == "bomb"
    with pytest.raises(PackageRefused) as refusal:
        _read(Package(bomb, Limits(total_bytes=1 << 20)))
    assert refusal.value.code == "too_big"
    with pytest.raises(PackageRefused) as refusal:
        Package(bomb, Limits(file_bytes=1 << 20))
    assert refusal.value.code == "too_big"


def test_a_zip_that_lies_about_its_size_is_caught(tmp_path: Path) -> None:
    path = _zip(tmp_path / "l.zip", {"organizations.csv": b"id,name\n" + b"0" * (4 << 20)})
    raw = bytearray(path.read_bytes())
    real = (8 + (4 << 20)).to_bytes(4, "little")
    assert raw.count(real) == 2
    path.write_bytes(bytes(raw).replace(real, (64).to_bytes(4, "little")))
    with pytest.raises(PackageRefused) as refusal:
        _read(Package(path, Limits(ratio=100, ratio_from_bytes=1 << 20)))
    assert refusal.value.code in {"bomb", "damaged"}


def test_damage_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK nonsense")
    with pytest.raises(PackageRefused) as refusal:
        Package(tmp_path / "x.zip")
    assert refusal.value.code == "not_a_zip"
    path = _zip(tmp_path / "d.zip", {"organizations.csv": bytes(range(256)) * 999})
    raw = bytearray(path.read_bytes())
    raw[200] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(PackageRefused) as refusal:
        _read(Package(path))
    assert refusal.value.code in {"damaged", "encoding"}
    with pytest.raises(PackageRefused) as refusal:
        Package(tmp_path / "nowhere")
    assert refusal.value.code == "not_found"


@pytest.mark.parametrize("text", ["[", "[1]", '{"resources": 3}', "[" * 100_000])
def test_a_bad_descriptor_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(PackageRefused) as refusal:
        Package(_zip(tmp_path / "p.zip", {"datapackage.json": text.encode()}))
    assert refusal.value.code == "bad_descriptor"


def test_too_many_entries(tmp_path: Path) -> None:
    with pytest.raises(PackageRefused) as refusal:
        Package(_zip(tmp_path / "p.zip", {f"{i}.csv": b"" for i in range(201)}))
    assert refusal.value.code == "too_many_entries"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "big5", "cp950"])
def test_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "organizations.csv").write_bytes(CSV.encode(encoding))
    assert _read(Package(tmp_path)) == [["id", "name"], ["1", "虛構機構"]]


@pytest.mark.parametrize(
    "raw",
    ["id,name\n1,café au lait à l'été\n".encode("latin-1"), b"id\n\xff\xfe\xfd\n", CSV.encode("utf-32"),
     CSV.encode("utf-16")[:-1], CSV.encode() + b"\xe8\x99"],
)  # fmt: skip
def test_unknown_encodings_are_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "organizations.csv").write_bytes(raw)
    with pytest.raises(PackageRefused) as refusal:
        _read(Package(tmp_path))
    assert refusal.value.code == "encoding"


def test_an_open_quotation_mark_refuses_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "organizations.csv").write_text('id,name\n1,good\n2,"never closed\n3,x\n')
    with pytest.raises(PackageRefused) as refusal:
        _read(Package(tmp_path))
    assert (refusal.value.code, refusal.value.file) == ("open_quote", "organizations.csv")
    assert refusal.value.row == 3


def test_a_declared_file_is_found_in_a_subfolder(tmp_path: Path) -> None:
    path = _zip(
        tmp_path / "p.zip",
        {
            "datapackage.json": b'{"resources": [{"name": "organization", "path": "orgs.csv"}]}',
            "data/orgs.csv": CSV.encode(),
            "readme.txt": b"hello",
        },
    )
    package = Package(path)
    assert [(r.name, r.path) for r in package.resources] == [("organization", "data/orgs.csv")]
    assert package.other_files == ["readme.txt"]


def test_a_declared_western_encoding_is_believed_where_the_file_is_no_utf_8(tmp_path: Path) -> None:
    declared = b'{"resources": [{"name": "organization", "path": "o.csv", "encoding": "windows-1252"}]}'
    said = "id,name\n1,L\u2019été à Orléans\n"
    for encoding in ("cp1252", "utf-8"):
        package = Package(_zip(tmp_path / "p.zip", {"datapackage.json": declared, "o.csv": said.encode(encoding)}))
        assert _read(package)[1] == ["1", "L\u2019été à Orléans"]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_separators_of_spreadsheets(tmp_path: Path, mark: str) -> None:
    said = f'id{mark}name{mark}"de,scription;\tx"\n1{mark}"a{mark}b"{mark}"two\nlines"\n'
    (tmp_path / "organizations.csv").write_text(said, encoding="utf-8")
    assert _read(Package(tmp_path)) == [["id", "name", "de,scription;\tx"], ["1", f"a{mark}b", "two\nlines"]]


def test_a_zip_in_a_zip_is_named(tmp_path: Path) -> None:
    inner = _zip(tmp_path / "inner.zip", {"services.csv": b"id\n"}).read_bytes()
    with pytest.raises(PackageRefused) as refusal:
        Package(_zip(tmp_path / "outer.zip", {"data/inner.zip": inner}))
    assert (refusal.value.code, refusal.value.file) == ("nested_zip", "data/inner.zip")


def test_a_list_of_files_too_long_to_read_is_refused_unread(tmp_path: Path) -> None:
    path = _zip(tmp_path / "p.zip", {f"{i}.csv": b"" for i in range(150)})
    Package(path).close()
    with pytest.raises(PackageRefused) as refusal:
        Package(path, Limits(contents_bytes=1_000))
    assert refusal.value.code == "too_many_entries"
    # The large form of zip says so elsewhere.
    raw = bytearray(path.read_bytes())
    end = raw.rindex(b"PK\x05\x06")
    told = int.from_bytes(raw[end + 12 : end + 16], "little")
    record = b"PK\x06\x06" + bytes(36) + told.to_bytes(8, "little") + bytes(8)
    locator = b"PK\x06\x07" + bytes(4) + end.to_bytes(8, "little") + bytes(4)
    raw[end + 12 : end + 16] = b"\xff" * 4
    path.write_bytes(bytes(raw[:end]) + record + locator + bytes(raw[end:]))
    with pytest.raises(PackageRefused) as refusal:
        Package(path, Limits(contents_bytes=1_000))
    assert refusal.value.code == "too_many_entries"


def test_entries_that_share_their_bytes_are_a_bomb_together(tmp_path: Path) -> None:
    """Each is modest by its own account; together they unpack to far more than the zip's size allows."""
    one = b"id,name\n" + b"".join(b"%d,%d\n" % (i, i) for i in range(20_000))
    path = _zip(tmp_path / "p.zip", {"organizations.csv": one})
    raw = path.read_bytes()
    at, end = raw.index(b"PK\x01\x02"), raw.rindex(b"PK\x05\x06")
    entry = raw[at:end]
    many = b"".join(entry.replace(b"organizations.csv", b"organization%04d" % i + b"x") for i in range(100))
    tail = bytearray(raw[end:])
    tail[8:10] = tail[10:12] = (100).to_bytes(2, "little")
    tail[12:16] = len(many).to_bytes(4, "little")
    path.write_bytes(raw[:at] + many + bytes(tail))
    package = Package(path, Limits(ratio=20, ratio_from_bytes=1 << 18))
    assert len(package.other_files) == 100
    codes = set()
    for name in package.other_files:
        try:
            for _ in package.chunks(name):
                pass
        except PackageRefused as refusal:
            codes.add(refusal.code)
    assert codes <= {"bomb", "damaged"}  # Python itself refuses names that do not match
    assert codes


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2024-05-01", "2024-05-01"), ("2024/5/1", "2024-05-01"), ("2024.05.01", "2024-05-01"),
        ("2024年5月1日", "2024-05-01"), ("113/5/1", "2024-05-01"), ("113-05-01", "2024-05-01"),
        ("民國113年5月1日", "2024-05-01"), ("民國99年12月31日", "2010-12-31"),
        ("中華民國 113 年 5 月 1 日", "2024-05-01"),
        ("１１３／５／１", "2024-05-01"), ("２０２４－０５－０１", "2024-05-01"),
    ],
)  # fmt: skip
def test_days_of_either_calendar(said: str, day: str) -> None:
    assert read_value(DAY, said) == (date.fromisoformat(day), "")


@pytest.mark.parametrize("said", ["99/5/1", "5/1/2024", "1/5", "113/13/1", "113/2/30", "昨天", "民國前1年1月1日"])
def test_days_that_could_be_others_are_not_guessed(said: str) -> None:
    assert read_value(DAY, said) == (None, "bad_date")


def test_digits_of_any_width() -> None:
    number = Column("available", (), "int4", int, None, True)
    assert read_value(number, "１２") == (12, "")
    assert read_value(number, "十二") == (None, "bad_value")


def test_every_message_says_what_and_what_to_do_in_three_languages() -> None:
    for code, said in MESSAGES.items():
        assert set(said) == {"zh-Hant", "en", "ko"}, code
        assert all(what and todo for what, todo in said.values()), code

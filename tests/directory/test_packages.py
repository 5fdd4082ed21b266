"""Packages that are hostile or broken are refused by name; odd but honest ones are read."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from directory.packages import Limits, Package, PackageRefused

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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "big5"])
def test_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "organizations.csv").write_bytes(CSV.encode(encoding))
    assert _read(Package(tmp_path)) == [["id", "name"], ["1", "虛構機構"]]


@pytest.mark.parametrize("raw", ["id,name\n1,café au lait à l'été\n".encode("latin-1"), b"id\n\xff\xfe\xfd\n"])
def test_unknown_encodings_are_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "organizations.csv").write_bytes(raw)
    with pytest.raises(PackageRefused) as refusal:
        _read(Package(tmp_path))
    assert refusal.value.code == "encoding"


def test_an_open_quotation_mark_refuses_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "organizations.csv").write_text('id,name\n1,good\n2,"never closed\n3,x\n')
    with pytest.raises(PackageRefused) as refusal:
        _read(Package(tmp_path))
    assert (refusal.value.code, refusal.value.file) == ("bad_csv", "organizations.csv")
    assert refusal.value.row >= 3


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

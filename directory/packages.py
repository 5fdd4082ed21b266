"""Opening a data package somebody sent: a folder or a zip of CSV files, bounded, decoded, read as a stream."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

_CHUNK = 1 << 18


class PackageRefused(Exception):
    """The package as a whole cannot be used; nothing of it was written. `code` says why, `file` and `row` where."""

    def __init__(self, code: str, file: str = "", row: int = 0, detail: str = "") -> None:
        self.code, self.file, self.row, self.detail = code, file, row, detail
        super().__init__(f"{code} {file}{f':{row}' if row else ''} {detail}".strip())


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a package may be. Bytes are counted while they are unpacked, whatever the zip says of itself."""

    entries: int = 200
    file_bytes: int = 1 << 30
    total_bytes: int = 4 << 30
    """Counted over both passes, the one that finds the encoding and the one that reads."""
    ratio: int = 200
    ratio_from_bytes: int = 8 << 20
    """The ratio counts only above this size: short texts of one letter compress well and harm nobody."""
    descriptor_bytes: int = 4 << 20
    field_characters: int = 30_000


@dataclass(frozen=True, slots=True)
class Resource:
    """One CSV file of a package: its entity name as declared or as its file is called, and its declared encoding."""

    name: str
    path: str
    encoding: str = ""


class Package:
    """The files of a package by safe relative path. `open` gives bytes; `rows` gives decoded CSV rows."""

    def __init__(self, path: Path, limits: Limits = Limits()) -> None:
        self.limits, self._spent = limits, 0
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            self._files = _folder_files(path, limits)
        elif path.is_file():
            try:
                self._zip = zipfile.ZipFile(path)
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
                raise PackageRefused("not_a_zip", path.name) from error
            self._files = self._zip_files(self._zip)
        else:
            raise PackageRefused("not_found", path.name)
        self.descriptor = self._descriptor()
        self.resources = self._resources()

    def close(self) -> None:
        """Give the zip file back."""
        if self._zip is not None:
            self._zip.close()

    def __enter__(self) -> Package:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _zip_files(self, archive: zipfile.ZipFile) -> dict[str, Callable[[], IO[bytes]]]:
        files: dict[str, Callable[[], IO[bytes]]] = {}
        infos = archive.infolist()
        if len(infos) > self.limits.entries:
            raise PackageRefused("too_many_entries", detail=str(len(infos)))
        for info in infos:
            name = _safe(info.filename)
            if info.is_dir():
                continue
            if stat.S_ISLNK(info.external_attr >> 16):
                raise PackageRefused("link", name)
            if info.flag_bits & 0x1:
                raise PackageRefused("encrypted", name)
            if name in files:
                raise PackageRefused("twice", name)
            if info.file_size > self.limits.file_bytes:
                raise PackageRefused("too_big", name)
            files[name] = partial(archive.open, info)
        self._packed = {_safe(i.filename): i.compress_size for i in infos}
        return files

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of one file, counted against the limits as they come."""
        packed = self._packed.get(path, 0) if self._zip is not None else None
        size = 0
        try:
            with self._files[path]() as stream:
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    self._spent += len(chunk)
                    if size > self.limits.file_bytes or self._spent > self.limits.total_bytes:
                        raise PackageRefused("too_big", path)
                    if packed is not None and size > max(self.limits.ratio_from_bytes, self.limits.ratio * packed):
                        raise PackageRefused("bomb", path)
                    yield chunk
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise PackageRefused("damaged", path) from error
        except Exception as error:
            if type(error).__module__ in {"zlib", "lzma", "_lzma", "bz2"}:
                raise PackageRefused("damaged", path) from error
            raise

    def _descriptor(self) -> dict[str, Any]:
        found = [p for p in self._files if PurePosixPath(p).name == "datapackage.json"]
        if not found:
            return {}
        self._root = PurePosixPath(min(found, key=len)).parent
        raw = bytearray()
        for chunk in self.chunks(min(found, key=len)):
            raw += chunk
            if len(raw) > self.limits.descriptor_bytes:
                raise PackageRefused("too_big", "datapackage.json")
        try:
            data = json.loads(raw.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise PackageRefused("bad_descriptor", "datapackage.json") from error
        if not isinstance(data, dict) or not isinstance(data.get("resources", []), list):
            raise PackageRefused("bad_descriptor", "datapackage.json")
        return data

    def _resources(self) -> list[Resource]:
        """Declared resources that are there, then undeclared CSV files by their file name."""
        found: dict[str, Resource] = {}
        for item in self.descriptor.get("resources", []):
            if not isinstance(item, dict) or not isinstance(item.get("path"), str):
                continue
            declared = _safe(item["path"])
            path = str(self._root / declared)
            if path not in self._files:
                # Real packages declare `organizations.csv` and ship `data/organizations.csv`.
                same = [p for p in self._files if PurePosixPath(p).name == PurePosixPath(declared).name]
                if len(same) != 1:
                    continue
                path = same[0]
            name, encoding = item.get("name"), item.get("encoding")
            found[path] = Resource(
                name if isinstance(name, str) and name else PurePosixPath(path).stem,
                path,
                encoding if isinstance(encoding, str) else "",
            )
        for path in self._files:
            if path not in found and PurePosixPath(path).suffix.lower() == ".csv":
                found[path] = Resource(PurePosixPath(path).stem, path)
        return list(found.values())

    @property
    def other_files(self) -> list[str]:
        """Files that are no table: named in the report, not read."""
        tables = {r.path for r in self.resources}
        return sorted(p for p in self._files if p not in tables and PurePosixPath(p).name != "datapackage.json")

    def encoding(self, resource: Resource) -> str:
        """The encoding of a file, by its byte order mark, its strict UTF-8, or (declared or beyond doubt) Big5."""
        utf8, big5 = codecs.getincrementaldecoder("utf-8")(), codecs.getincrementaldecoder("cp950")()
        is_utf8 = is_big5 = True
        pairs = common = 0
        first = True
        for chunk in self.chunks(resource.path):
            if first:
                first = False
                if chunk.startswith(codecs.BOM_UTF8):
                    return "utf-8-sig"
                if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                    return "utf-16"
                if resource.encoding.lower().replace("-", "") in {"big5", "cp950", "ms950"}:
                    return "cp950"
            is_utf8 = is_utf8 and _decodes(utf8, chunk)
            if is_big5:
                is_big5 = _decodes(big5, chunk)
                if not is_utf8:
                    found = re.findall(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]", chunk)
                    pairs += len(found)
                    common += sum(1 for pair in found if 0xA1 <= pair[0] <= 0xC6)
        if is_utf8 and _decodes(utf8, b"", final=True):
            return "utf-8"
        # Latin-1 text may pass for Big5 by accident; then its "characters" are mostly rare ones.
        if is_big5 and _decodes(big5, b"", final=True) and pairs >= 2 and common >= 0.8 * pairs:
            return "cp950"
        raise PackageRefused("encoding", resource.path)

    def rows(self, resource: Resource, encoding: str) -> Iterator[tuple[int, list[str]]]:
        """(line, cells) of each row that is not blank, the header first. Broken CSV refuses the package."""
        text = io.TextIOWrapper(
            io.BufferedReader(_Stream(self.chunks(resource.path)), _CHUNK), encoding=encoding, newline=""
        )
        reader = csv.reader(text, strict=True)
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise PackageRefused("bad_csv", resource.path, reader.line_num, str(error)) from error
        except UnicodeError as error:
            raise PackageRefused("encoding", resource.path, reader.line_num) from error


class _Stream(io.RawIOBase):
    """An iterator of chunks as a raw stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _safe(name: str) -> str:
    """A relative path that stays inside, or a refusal."""
    path = PurePosixPath(name)
    if (
        not name
        or "\\" in name
        or "\0" in name
        or path.is_absolute()
        or ".." in path.parts
        or re.match(r"[A-Za-z]:", name)
        or len(name) > 300
    ):
        raise PackageRefused("path", name[:80])
    return str(path)


def _folder_files(root: Path, limits: Limits) -> dict[str, Callable[[], IO[bytes]]]:
    files: dict[str, Callable[[], IO[bytes]]] = {}
    inside = root.resolve()
    for path in sorted(root.rglob("*")):
        if path.is_symlink():
            raise PackageRefused("link", path.name)
        if not path.is_file():
            continue
        if not path.resolve().is_relative_to(inside):
            raise PackageRefused("path", path.name)
        if len(files) >= limits.entries:
            raise PackageRefused("too_many_entries")
        files[path.relative_to(root).as_posix()] = _opener(path)
    return files


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")

"""Opening what somebody sent: a folder, a zip or a lone file, its paths safe and its bytes counted as they come."""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

_CHUNK = 1 << 18
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows: a name must read as it is."""


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
    contents_bytes: int = 1 << 20
    """Of a zip's list of files, which is read whole before anything can be counted."""
    field_characters: int = 30_000
    columns: int = 500


class Files:
    """The files of a package by safe relative path, and their bytes within the limits."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path, self.limits, self._spent = path, limits, 0
        self.zip: zipfile.ZipFile | None = None
        self._streams: set[IO[bytes]] = set()
        self._read: dict[str, int] = {}
        self._sizes: dict[str, int] = {}
        self._packed: dict[str, int] = {}
        self._most = limits.total_bytes
        if path.is_dir():
            self._files = _folder_files(path, limits)
            self._sizes = {name: (path / name).stat().st_size for name in self._files}
        elif path.is_file() and _is_zip(path):
            if _contents_bytes(path) > limits.contents_bytes:
                raise PackageRefused("too_many_entries", path.name)
            try:
                self.zip = zipfile.ZipFile(path)
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
                raise PackageRefused("not_a_zip", path.name) from error
            try:
                self._files = self._zip_files(self.zip)
            except BaseException:  # an interruption too: nobody else holds the zip yet
                self.zip.close()
                raise
            # Over both passes, and whatever each entry says of itself: entries may share their bytes.
            self._most = max(limits.ratio_from_bytes, 2 * limits.ratio * path.stat().st_size)
        elif path.is_file():
            self._files = {path.name: _opener(path)}
            self._sizes = {path.name: path.stat().st_size}
        else:
            raise PackageRefused("not_found", path.name)

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    @property
    def alone(self) -> bool:
        """Whether it is one file, neither folder nor zip."""
        return self.zip is None and not self.path.is_dir()

    def size(self, name: str) -> int:
        """Bytes of a file, as its folder or zip says."""
        return self._sizes.get(name, 0)

    def packed(self, name: str) -> int:
        """Bytes of a file inside its zip."""
        return self._packed.get(name, 0)

    def start(self, name: str) -> bytes:
        """The first bytes of a file."""
        return next(self.chunks(name), b"")

    def close(self) -> None:
        """Give back the zip and whatever of it is still being read: it stays open as long as any of that is."""
        for stream in self._streams:
            stream.close()
        if self.zip is not None:
            self.zip.close()

    def _zip_files(self, archive: zipfile.ZipFile) -> dict[str, Callable[[], IO[bytes]]]:
        files: dict[str, Callable[[], IO[bytes]]] = {}
        infos = archive.infolist()
        if len(infos) > self.limits.entries:
            raise PackageRefused("too_many_entries", detail=str(len(infos)))
        for info in infos:
            name = safe(info.filename)
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
            self._sizes[name] = info.file_size
        self._packed = {safe(i.filename): i.compress_size for i in infos}
        return files

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of one file, counted against the limits as they come."""
        packed = self._packed.get(path, 0) if self.zip is not None else None
        size = self._read[path] = 0
        try:
            with self._files[path]() as stream:
                self._streams.add(stream)
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    self._read[path] = size
                    self._spent += len(chunk)
                    if size > self.limits.file_bytes or self._spent > self.limits.total_bytes:
                        raise PackageRefused("too_big", path)
                    allowed = max(self.limits.ratio_from_bytes, self.limits.ratio * (packed or 0))
                    if packed is not None and (size > allowed or self._spent > self._most):
                        raise PackageRefused("bomb", path)
                    yield chunk
                self._streams.discard(stream)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
            raise PackageRefused("damaged", path) from error
        except Exception as error:
            # By where it comes from: a way of packing that this Python was built without cannot be imported.
            if type(error).__module__ in {"zlib", "lzma", "_lzma", "bz2"}:
                raise PackageRefused("damaged", path) from error
            raise

    def share(self, path: str) -> float:
        """How much of a file has been read in its present pass, 0 to 1."""
        return min(1.0, self._read.get(path, 0) / size) if (size := self._sizes.get(path, 0)) else 1.0


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK" or zipfile.is_zipfile(path)


def _contents_bytes(path: Path) -> int:
    """How large a zip's list of files says it is; 0 where there is none to be found."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - (1 << 16) - 22))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < 22:
            return 0
        told = int.from_bytes(tail[at + 12 : at + 16], "little")
        if told != 0xFFFFFFFF:
            return told
        found = tail.rfind(b"PK\x06\x07", 0, at)  # the large form says where its own end record is
        if found < 0:
            return told
        file.seek(min(int.from_bytes(tail[found + 8 : found + 16], "little"), size))
        record = file.read(56)
    return int.from_bytes(record[40:48], "little") if record.startswith(b"PK\x06\x06") else told


def safe(name: str) -> str:
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
        or _UNSEEN.search(name)
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

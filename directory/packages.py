"""A package of tables as the loader takes it, whatever its form; and the commonest form, CSV files with their names."""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, Self

from .encodings import Stream, encoding_of, separator
from .reports import Problem
from .unpacking import Files, safe
from .unpacking import Limits as Limits
from .unpacking import PackageRefused as PackageRefused

_CHUNK = 1 << 18
_LONGEST_CELL = 1 << 22
"""Characters at which reading gives up on a cell: an open quotation mark swallows the rest of the file."""
csv.field_size_limit(
    _LONGEST_CELL
)  # of the process, but nothing else of ours reads CSV; a row is judged by its own limit


@dataclass(frozen=True, slots=True)
class Resource:
    """One table of a package: its name as declared or as its file is called, its place, its declared encoding."""

    name: str
    path: str
    encoding: str = ""


Line = tuple[int, list[str]]
"""A row as it stands in the file: its line, its cells."""


class Tables(ABC):
    """What the loader reads, table by table, each as a stream of rows with the header first."""

    limits: Limits
    resources: list[Resource]
    other_files: list[str]
    """Files that are no table: named in the report, not read."""
    declared_name: str = ""
    """Whose data it is, as the package says."""

    def __init__(self) -> None:
        self.fallen: list[Problem] = []
        self.notes: list[Problem] = []
        """What is to be said of files as a whole."""

    @abstractmethod
    def rows(self, resource: Resource, encoding: str) -> Iterator[Line]:
        """(line, cells) of each row that is not blank, the header first."""

    @abstractmethod
    def share(self, path: str) -> float:
        """How much of a table has been read in its present pass, 0 to 1."""

    @abstractmethod
    def close(self) -> None:
        """Give back what is held open."""

    def encoding(self, _resource: Resource) -> str:
        """The encoding of a table."""
        return "utf-8"

    def place(self, path: str, line: int, column: str) -> tuple[str, int, str]:
        """File, row and column as a report names them."""
        return path, line, column

    def take_fallen(self) -> list[Problem]:
        """Rows passed over since the last time because they could not be made rows of a table, one problem each."""
        taken, self.fallen = self.fallen, []
        return taken

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Package(Tables):
    """A folder, zip or lone file of CSV, with the descriptor of a tabular data package or without."""

    def __init__(self, path: Path, limits: Limits | None = None, files: Files | None = None) -> None:
        super().__init__()
        self.limits = limits or Limits()
        self.files = files or Files(path, self.limits)
        if self.files.alone and path.suffix.lower() != ".csv":
            raise PackageRefused("not_a_zip", path.name)
        self._root = PurePosixPath()
        self.descriptor = self._descriptor()
        name = self.descriptor.get("name")
        self.declared_name = name if isinstance(name, str) else ""
        self.resources = self._resources()
        tables = {r.path for r in self.resources}
        self.other_files = sorted(
            p for p in self.files if p not in tables and PurePosixPath(p).name != "datapackage.json"
        )

    def close(self) -> None:
        self.files.close()

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of one file, counted against the limits as they come."""
        return self.files.chunks(path)

    def share(self, path: str) -> float:
        return self.files.share(path)

    def _descriptor(self) -> dict[str, Any]:
        found = [p for p in self.files if PurePosixPath(p).name == "datapackage.json"]
        if not found:
            return {}
        self._root = PurePosixPath(min(found, key=len)).parent
        raw = bytearray()
        for chunk in self.files.chunks(min(found, key=len)):
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
            declared = safe(item["path"])
            path = str(self._root / declared)
            if path not in self.files:
                # Real packages declare `organizations.csv` and ship `data/organizations.csv`.
                same = [p for p in self.files if PurePosixPath(p).name == PurePosixPath(declared).name]
                if len(same) != 1:
                    continue
                path = same[0]
            name, encoding = item.get("name"), item.get("encoding")
            found[path] = Resource(
                name if isinstance(name, str) and name else PurePosixPath(path).stem,
                path,
                encoding if isinstance(encoding, str) else "",
            )
        for path in self.files:
            if path not in found and PurePosixPath(path).suffix.lower() == ".csv":
                found[path] = Resource(PurePosixPath(path).stem, path)
        if not found and any(PurePosixPath(path).suffix.lower() == ".zip" for path in self.files):
            raise PackageRefused("nested_zip", next(p for p in self.files if p.lower().endswith(".zip")))
        return list(found.values())

    def encoding(self, resource: Resource) -> str:
        return encoding_of(lambda: self.files.chunks(resource.path), resource.path, resource.encoding)

    def rows(self, resource: Resource, encoding: str) -> Iterator[Line]:
        """(line, cells) of each row that is not blank, the header first. Broken CSV refuses the package."""
        text = io.TextIOWrapper(
            io.BufferedReader(Stream(self.chunks(resource.path)), _CHUNK), encoding=encoding, newline=""
        )
        try:
            first = text.readline(_LONGEST_CELL)
        except UnicodeError as error:
            raise PackageRefused("encoding", resource.path, 1) from error
        reader = csv.reader(chain([first] if first else [], text), strict=True, delimiter=separator(first))
        begun = 1
        try:
            for cells in reader:
                begun = reader.line_num + 1
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            if "end of data" in str(error) or "field limit" in str(error):
                raise PackageRefused("open_quote", resource.path, begun) from error
            raise PackageRefused("bad_csv", resource.path, reader.line_num, str(error)) from error
        except UnicodeError as error:
            raise PackageRefused("encoding", resource.path, reader.line_num) from error

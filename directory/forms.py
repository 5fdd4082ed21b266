"""Which form a package has, told by what is in it: CSV tables, the Ohana dialect, JSON, or a workbook."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from . import ohana, workbook
from .json_package import flattened, is_json
from .packages import Limits, Package, PackageRefused, Tables
from .unpacking import Files

_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Begins what Excel wrote before 2007, and what it writes with a password."""
_JSON = (".json", ".ndjson", ".jsonl")


def opened(path: Path, limits: Limits) -> Tables:
    """The tables of a folder, a zip or a lone file, ready to be loaded. Raises PackageRefused.

    JSON, the Ohana dialect and the filled-in template are laid down on disk a table each before the first row of them
    can be loaded; the other forms are read where they are.
    """
    files = Files(path, limits)
    try:
        return _opened(path, files, limits)
    except BaseException:
        files.close()
        raise


def _opened(path: Path, files: Files, limits: Limits) -> Tables:
    if workbook.is_workbook(files):
        return workbook.opened(files, limits)
    if files.alone and path.suffix.lower() != ".csv":
        start = files.start(path.name)
        if start.startswith(_OLD_EXCEL):
            raise PackageRefused("old_workbook", path.name)
        if is_json(start):
            return flattened(files, [path.name], limits)
    suffixes = {PurePosixPath(name).suffix.lower() for name in files}
    if ".csv" not in suffixes and not suffixes.isdisjoint(_JSON):
        names = [name for name in files if PurePosixPath(name).suffix.lower() in _JSON]
        return flattened(files, [n for n in names if PurePosixPath(n).name != "datapackage.json"], limits)
    package = Package(path, limits, files)
    return ohana.unfolded(package) if ohana.is_ohana(package) else package

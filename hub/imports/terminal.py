"""The directory taken in and given out at a terminal, by whoever runs the hub: looked at, done, put on record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from directory.actions import claim, export_package, import_package
from directory.coverage_gaps import PopulationReport, read_population
from directory.exporting import PackageFormat
from directory.loading import changed_since, latest
from directory.reports import ImportReport
from hub.audit.chain import append
from hub.base.db import Session
from hub.base.errors import Conflict
from hub.identity.actions import OPERATOR

from .rules import figures, same_outcome, told_of


@dataclass(frozen=True, slots=True)
class Looked:
    """What an import did or would do, and where the directory's history stood before."""

    report: ImportReport
    past: int


async def take_in(session: Session, path: Path, *, dry_run: bool, seen: Looked | None = None, **how: Any) -> Looked:
    """Import a package, `how` as `import_package` takes it. `seen`: the look somebody has agreed to.

    `Conflict` where it does something else than was seen, or would undo what was imported since; the caller's
    transaction is to be rolled back then.
    """
    await claim(session)  # first, so that nothing is imported between the comparison and the deed
    if seen is not None and await changed_since(session, seen.report.source, seen.past):
        raise Conflict
    past = await latest(session)
    report = await import_package(session, path, dry_run=dry_run, **how)
    if seen is not None and not report.refused and not same_outcome(told_of(report), told_of(seen.report)):
        raise Conflict
    if not dry_run and not report.refused:
        await append(session, OPERATOR, "import.written", report.source, body=figures(report))
    return Looked(report, past)


async def give_out(session: Session, path: Path, form: PackageFormat) -> None:
    """Write the directory to a file, all of one moment."""
    await export_package(session, path, form=form)
    await append(session, OPERATOR, "export.made", body={"form": form})


async def take_in_population(session: Session, content: bytes) -> PopulationReport:
    """Set how many people live where, as `read_population`."""
    report = await read_population(session, content)
    await append(session, OPERATOR, "population.set", body={"areas": report.set})
    return report

"""Walk the whole chain again and say what does not fit: edited, deleted, inserted, reordered, truncated, rewritten."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from hub.base.db import Session
from hub.base.time import now

from .chain import GENESIS, PAYLOAD, digest, link
from .heads import Head, check

# A time as Python can hold it, else null: the database holds others, infinite ones too.
_AT = "case when at > '0001-01-02' and at < '9999-12-31' then at end as at"
_SEALED_AT = "case when sealed_at > '0001-01-02' and sealed_at < '9999-12-31' then sealed_at end as sealed_at"
_SEALS = text(
    f"select number, {_SEALED_AT}, upto::text, last_id, floor, entries, "  # noqa: S608 - constants
    "entry_ids, digests, head from audit_seal where number > :after order by number limit 100"
)
_ENTRIES = text(f"select id, {PAYLOAD}, {_AT} from audit_entry where id = any(:ids)")  # noqa: S608 - constants
_STRANGERS = text(
    f"""
    select id, {_AT}, id <= :floor or xid < cast(:upto as text)::xid8 and id <= :last_id as forged
    from audit_entry e
    where not exists (select from (select unnest(entry_ids) as id from audit_seal where number > 0) s where s.id = e.id)
    order by id
    """  # noqa: S608 - constants
)
_NUMBERED = text(
    """
    select coalesce(pg_sequence_last_value(pg_get_serial_sequence('audit_entry', 'id')::regclass), 0)
      - coalesce((select max(id) from audit_entry), 0)
    """
)
LATE = timedelta(seconds=10)
"""How long an entry may wait for its seal: until it has one, whoever owns the database can change it unseen."""
LONGEST = timedelta(hours=1)
"""How much ahead of an entry another must have been sealed to tell when it was made, how long before that one it may
have been made, and how far the clock of the seals may go back: longer than any deed runs."""
SKEW = timedelta(minutes=5)
"""How far the clock of whoever did it may go before the sealer's."""
_BEGINNING = datetime.min.replace(tzinfo=UTC) + LONGEST
_BEFORE_ALL = -(2**63)
_SIZE = 32
_MOST = 50
_CHUNK = 5000


@dataclass(slots=True)
class Report:
    """What verifying found. `problems` holds (kind, where) with kind one of edited, deleted, inserted, reordered,
    truncated, rewritten, dated, head, unsealed; an empty list means the chain is whole, at its end as far as the
    outside head knows it."""

    seals: int = 0
    entries: int = 0
    unsealed: int = 0
    unsealed_since: datetime | None = None
    """When the oldest entry without a seal was made."""
    head: str = GENESIS.hex()
    head_checked: bool = False
    head_at: datetime | None = None
    """When the outside head was exported."""
    after_head: int = 0
    """Seals that the outside head does not know yet: if they were cut off, nobody would see it."""
    unused: int = 0
    """Numbers given out after the last entry. Transactions that were undone use some up, so they prove nothing; entries
    that were cut off leave theirs here too."""
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems

    def found(self, kind: str, where: object) -> None:
        """Note a problem; the list is bounded, the verdict is not."""
        if len(self.problems) < _MOST:
            self.problems.append((kind, str(where)))


async def verify(
    session: Session, head: Head | None = None, public_key: bytes | None = None, late: timedelta = LATE
) -> Report:
    """Check every seal and every entry, then the end of the chain against a head kept outside.

    Without an outside head a chain cut at its end, or wholly rewritten, cannot be told from a whole one; the report
    then says `head_checked = False`. Entries that have waited for their seal longer than `late` are a problem: nothing
    guards them.
    """
    report, previous, after, times = Report(), GENESIS, _BEFORE_ALL, _Times()
    end = {"upto": "0", "last_id": 0, "floor": 0}
    while seals := (await session.execute(_SEALS, {"after": after})).all():
        after = seals[-1].number
        for together in _chunks(seals):
            wanted = [entry_id for seal in together for entry_id in seal.entry_ids]
            rows = {row[0]: row for row in (await session.execute(_ENTRIES, {"ids": wanted})).all()}
            for seal in together:
                if seal.number != report.seals + 1:
                    report.found("inserted" if seal.number <= report.seals else "deleted", f"before seal {seal.number}")
                _check_entries(report, seal.entry_ids, seal.digests, rows)
                times.check(report, seal.number, [rows[i] for i in seal.entry_ids if i in rows], seal.sealed_at)
                report.seals, report.entries = seal.number, report.entries + len(seal.entry_ids)
                if seal.sealed_at is None or link(previous, seal) != seal.head or seal.entries != report.entries:
                    report.found("reordered", f"seal {seal.number}")
                previous, end = seal.head, {"upto": seal.upto, "last_id": seal.last_id, "floor": seal.floor}
                if head is not None and seal.number == head.number and seal.head.hex() != head.head:
                    report.found("rewritten", f"seal {seal.number}")
    times.end(report)
    loose = list[datetime]()
    for stranger in (await session.execute(_STRANGERS, end)).all():
        if stranger.forged:
            report.found("inserted", f"entry {stranger.id}")
        elif stranger.at is None:
            report.found("dated", f"entry {stranger.id}, {_moment(None)}")
        else:
            loose.append(stranger.at)
    _check_loose(report, loose, late)
    report.head = previous.hex()
    report.unused = (await session.execute(_NUMBERED)).scalar_one()
    if head is not None:
        _check_head(report, head, public_key)
    return report


def _chunks(seals: Sequence[Any]) -> Iterator[list[Any]]:
    """Seals together that hold some 5,000 entries: few statements, bounded memory."""
    together, size = list[Any](), 0
    for seal in seals:
        together.append(seal)
        size += len(seal.entry_ids)
        if size >= _CHUNK:
            yield together
            together, size = [], 0
    if together:
        yield together


def _check_entries(report: Report, ids: Sequence[int], digests: bytes, rows: Mapping[int, Any]) -> None:
    if len(digests) != _SIZE * len(ids):
        report.found("edited", f"digests of {len(ids)} entries")
        return
    for place, entry_id in enumerate(ids):
        row = rows.get(entry_id)
        if row is None:
            report.found("deleted", f"entry {entry_id}")
        elif digest(row[1]) != digests[place * _SIZE : (place + 1) * _SIZE]:
            report.found("edited", f"entry {entry_id}")


class _Times:
    """Whoever can write may have an entry sealed like any other; but only as a deed of these hours, or of a time
    nothing has been done since.

    An entry is compared with those sealed more than `LONGEST` ahead of it: what waited together for its seal, for days
    perhaps, is as old as it says. A seal set back would let all that follows be older, so it is told itself; whoever
    put a clock right is told of once, and no deed after it is accused.
    """

    def __init__(self) -> None:
        self._sealed = self._before = _BEGINNING
        self._recent = deque[tuple[datetime, datetime]]()

    def check(self, report: Report, number: int, rows: Sequence[Any], sealed_at: datetime | None) -> None:
        """The entries of the next seal. A time is None where it is none that anybody could have done something at."""
        if sealed_at is None or sealed_at < self._sealed - LONGEST:
            report.found("dated", f"seal {number}, {_moment(sealed_at)}")
            if sealed_at is None:
                return
            self._sealed, self._before = sealed_at, min(self._before, sealed_at)
            self._recent.clear()
        self._sealed = max(self._sealed, sealed_at)
        while self._recent and self._recent[0][0] < sealed_at - LONGEST:
            self._before = max(self._before, self._recent.popleft()[1])
        for row in rows:
            if row.at is None or not self._before - LONGEST <= row.at <= sealed_at + SKEW:
                report.found("dated", f"entry {row.id}, {_moment(row.at)}")
        if told := [row.at for row in rows if row.at is not None]:
            self._recent.append((sealed_at, min(max(told), sealed_at)))

    def end(self, report: Report) -> None:
        """After the last seal: what lies ahead of us was sealed by a clock that is wrong, or by hand."""
        if self._sealed > now() + SKEW:
            report.found("dated", f"the last seals, {_moment(self._sealed)}")


def _moment(at: datetime | None) -> str:
    return "no time of ours" if at is None else at.isoformat(timespec="seconds")


def _check_loose(report: Report, made: Sequence[datetime], late: timedelta) -> None:
    """Entries without a seal: from the last moments alone. One from the future was moved there to look young."""
    if not made:
        return
    report.unsealed, report.unsealed_since = len(made), min(made)
    if min(made) < now() - late or max(made) > now() + late:
        report.found("unsealed", f"{len(made)} entries since {min(made).isoformat(timespec='seconds')}")


def _check_head(report: Report, head: Head, public_key: bytes | None) -> None:
    report.head_checked, report.after_head = True, max(0, report.seals - max(0, head.number))
    with suppress(ValueError, OverflowError):  # a damaged head says no time
        report.head_at = datetime.fromisoformat(head.at).astimezone(UTC)
    if public_key is not None and not check(head, public_key):
        report.found("head", "the outside head's signature does not hold")
    if head.number > report.seals or head.entries > report.entries:
        report.found("truncated", f"the outside head knows {head.number} seals and {head.entries} entries")

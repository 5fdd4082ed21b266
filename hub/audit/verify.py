"""Walk the whole chain again and say what does not fit: edited, deleted, inserted, reordered, truncated, rewritten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from hub.base.db import Session

from .chain import GENESIS, PAYLOAD, digest, link
from .heads import Head, check

_SEALS = text(
    "select number, sealed_at, upto::text, last_id, floor, entries, entry_ids, digests, head from audit_seal"
    " where number > :after order by number limit 100"
)
_ENTRIES = text(f"select id, {PAYLOAD} from audit_entry where id = any(:ids)")  # noqa: S608 - constants
_STRANGERS = text(
    """
    select id, id <= :floor or xid < cast(:upto as text)::xid8 and id <= :last_id as forged
    from audit_entry e
    where not exists (select from (select unnest(entry_ids) as id from audit_seal where number > 0) s where s.id = e.id)
    order by id
    """
)
_BEFORE_ALL = -(2**63)
_SIZE = 32
_MOST = 50
_CHUNK = 5000


@dataclass(slots=True)
class Report:
    """What verifying found. `problems` holds (kind, where) with kind one of edited, deleted, inserted, reordered,
    truncated, rewritten, head; an empty list means the chain is whole up to the outside head, if one was given."""

    seals: int = 0
    entries: int = 0
    unsealed: int = 0
    head: str = GENESIS.hex()
    head_checked: bool = False
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems

    def found(self, kind: str, where: object) -> None:
        """Note a problem; the list is bounded, the verdict is not."""
        if len(self.problems) < _MOST:
            self.problems.append((kind, str(where)))


async def verify(session: Session, head: Head | None = None, public_key: bytes | None = None) -> Report:
    """Check every seal and every entry, then the end of the chain against a head kept outside.

    Without an outside head a chain cut at its end, or wholly rewritten, cannot be told from a whole one; the report
    then says `head_checked = False`.
    """
    report, previous, after = Report(), GENESIS, _BEFORE_ALL
    end = {"upto": "0", "last_id": 0, "floor": 0}
    while seals := (await session.execute(_SEALS, {"after": after})).all():
        after = seals[-1].number
        for together in _chunks(seals):
            wanted = [entry_id for seal in together for entry_id in seal.entry_ids]
            rows = {row[0]: row[1] for row in (await session.execute(_ENTRIES, {"ids": wanted})).all()}
            for seal in together:
                if seal.number != report.seals + 1:
                    report.found("inserted" if seal.number <= report.seals else "deleted", f"before seal {seal.number}")
                _check_entries(report, seal.entry_ids, seal.digests, rows)
                report.seals, report.entries = seal.number, report.entries + len(seal.entry_ids)
                if link(previous, seal) != seal.head or seal.entries != report.entries:
                    report.found("reordered", f"seal {seal.number}")
                previous, end = seal.head, {"upto": seal.upto, "last_id": seal.last_id, "floor": seal.floor}
                if head is not None and seal.number == head.number and seal.head.hex() != head.head:
                    report.found("rewritten", f"seal {seal.number}")
    for stranger in (await session.execute(_STRANGERS, end)).all():
        if stranger.forged:
            report.found("inserted", f"entry {stranger.id}")
        else:
            report.unsealed += 1
    report.head = previous.hex()
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


def _check_entries(report: Report, ids: Sequence[int], digests: bytes, payloads: Mapping[int, bytes]) -> None:
    if len(digests) != _SIZE * len(ids):
        report.found("edited", f"digests of {len(ids)} entries")
        return
    for place, entry_id in enumerate(ids):
        payload = payloads.get(entry_id)
        if payload is None:
            report.found("deleted", f"entry {entry_id}")
        elif digest(payload) != digests[place * _SIZE : (place + 1) * _SIZE]:
            report.found("edited", f"entry {entry_id}")


def _check_head(report: Report, head: Head, public_key: bytes | None) -> None:
    report.head_checked = True
    if public_key is not None and not check(head, public_key):
        report.found("head", "the outside head's signature does not hold")
    if head.number > report.seals or head.entries > report.entries:
        report.found("truncated", f"the outside head knows {head.number} seals and {head.entries} entries")

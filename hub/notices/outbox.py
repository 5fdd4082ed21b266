"""Put a notice into the outbox, in the transaction of the deed it tells of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID, uuid5

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.ids import new_id
from hub.base.rows import Row, write

from .tables import Outbox

KINDS = (
    "report_received",
    "report_supplemented",
    "referral_received",
    "referral_answered",
    "referral_completed",
    "meeting_called",
    "meeting_cancelled",
    "action_assigned",
    "clock_warning",
    "clock_overdue",
    "clock_escalated",
    "attestation_due",
    "round_opened",
    "round_reminder",
    "round_overdue",
    "round_ended",
    "round_escalated",
)
"""What can be told. The words of each are in the catalogues, under the context `notice`; none names a person."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something an agency is told: a kind and the id of what it is about. `calendar` is an iTIP part, if any."""

    kind: str
    agency_id: UUID
    subject_id: UUID
    staff_id: UUID | None = None
    calendar: str | None = None


async def notify(session: Session, notice: Notice) -> None:
    """Queue a notice; the worker sends it after the commit."""
    await write(session, row(session, notice))


def row(session: Session, notice: Notice) -> Row:
    """The notice as a row, to be written with the deed it tells of."""
    if notice.kind not in KINDS:
        raise ValueError(f"no such notice: {notice.kind}")
    now = moment(session)
    return Outbox.__tablename__, {
        "id": new_id(),
        "kind": notice.kind,
        "agency_id": notice.agency_id,
        "staff_id": notice.staff_id,
        "subject_id": notice.subject_id,
        "calendar": notice.calendar,
        "created_at": now,
        "next_fire_at": now,
        "attempts": 0,
    }


_OCCASIONS = UUID("6f1d7f0e-5a3b-4d0c-9f5e-2b6c1f4a8d37")
"""Namespace of the ids of notices that may be told only once."""


async def notify_once(session: Session, kind: str, agencies: Collection[UUID], subject_id: UUID, occasion: str) -> int:
    """Queue a notice to each agency, unless it has been told of this occasion before. How many were queued.

    A notice's id is made of kind, agency and occasion, so the table itself refuses the second, also from another
    worker; it never says what the occasion was.
    """
    if kind not in KINDS:
        raise ValueError(f"no such notice: {kind}")
    now = moment(session)
    rows = [
        {
            "id": uuid5(_OCCASIONS, f"{kind}|{agency}|{occasion}"),
            "kind": kind,
            "agency_id": agency,
            "subject_id": subject_id,
            "created_at": now,
            "next_fire_at": now,
            "attempts": 0,
        }
        for agency in sorted(set(agencies))
    ]
    if not rows:
        return 0
    made = insert(Outbox).on_conflict_do_nothing(index_elements=["id"]).returning(col(Outbox.id))
    return len((await session.execute(made, rows)).all())

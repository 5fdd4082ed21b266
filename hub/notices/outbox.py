"""Put a notice into the outbox, in the transaction of the deed it tells of."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from hub.audit.ledger import moment
from hub.base.db import Session

from .tables import Outbox

KINDS = (
    "referral_received",
    "referral_answered",
    "referral_completed",
    "meeting_called",
    "meeting_cancelled",
    "action_assigned",
    "clock_warning",
    "clock_overdue",
    "clock_escalated",
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
    if notice.kind not in KINDS:
        raise ValueError(f"no such notice: {notice.kind}")
    now = moment(session)
    session.add(
        Outbox(
            kind=notice.kind,
            agency_id=notice.agency_id,
            staff_id=notice.staff_id,
            subject_id=notice.subject_id,
            calendar=notice.calendar,
            created_at=now,
            next_fire_at=now,
        )
    )
    await session.flush()

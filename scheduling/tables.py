"""Tables of time: deadlines, busy times, working hours, meetings, invitations and who is booked when.

Owners, subjects, attendees and rooms are opaque ids; no table here knows a case, a person or an agency.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from .terms import DeadlineState as DeadlineState
from .terms import MeetingKind as MeetingKind
from .terms import MeetingState as MeetingState
from .terms import PlaceKind as PlaceKind
from .terms import Rsvp as Rsvp
from .terms import Stage as Stage

UTC_TIME = DateTime(timezone=True)
MINUTES = 26  # bits of a booking's minute since 2000-01-01 UTC: enough until 2127; the 37 bits above name the seat


def _one_of(values: type[StrEnum], name: str, default: StrEnum | None = None) -> Column[Any]:
    """A text column of a closed list, held by a check constraint."""
    kind = Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
    return Column(kind, nullable=False, default=default)


class Deadline(SQLModel, table=True):
    """One running clock. `next_fire_at` is when somebody must next be told; null when nothing is left to tell."""

    __table_args__ = (
        CheckConstraint("due_at >= starts_at", name="ck_deadline_order"),
        CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name="ck_deadline_met"),
        CheckConstraint("state = 'running' OR next_fire_at IS NULL", name="ck_deadline_quiet"),
        Index("ix_deadline_next_fire", "next_fire_at", "id", postgresql_where=text("next_fire_at IS NOT NULL")),
        Index("ix_deadline_subject", "subject_id", "clock"),
        Index("ix_deadline_owner", "owner_id", "due_at", postgresql_where=text("state = 'running'")),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    clock: str = Field(sa_column=Column(String(64), nullable=False))
    subject_id: UUID
    owner_id: UUID
    starts_at: datetime = Field(sa_type=UTC_TIME)
    due_at: datetime = Field(sa_type=UTC_TIME)
    next_fire_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    stage: Stage = Field(default=Stage.WAITING, sa_column=_one_of(Stage, "ck_deadline_stage", Stage.WAITING))
    warned: int = Field(default=0, sa_type=SmallInteger)
    state: DeadlineState = Field(
        default=DeadlineState.RUNNING, sa_column=_one_of(DeadlineState, "ck_deadline_state", DeadlineState.RUNNING)
    )
    met_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    attempts: int = Field(default=0, sa_type=SmallInteger)
    last_error: str | None = Field(default=None, sa_type=String(100))

    @property
    def topic(self) -> str:
        """Which handler answers for this row: the clock's code."""
        return self.clock


class BusyTime(SQLModel, table=True):
    """A time at which an owner cannot come, imported or entered; why is never held."""

    __tablename__ = "busy_time"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ck_busy_time_order"),
        Index("ix_busy_time_owner", "owner_id", "ends_at", "starts_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    owner_id: UUID
    starts_at: datetime = Field(sa_type=UTC_TIME)
    ends_at: datetime = Field(sa_type=UTC_TIME)
    source: str = Field(default="entered", sa_column=Column(String(32), nullable=False))


class WorkingHours(SQLModel, table=True):
    """Hours of a week in which an owner can be met, in minutes of the local day; 0 is Monday."""

    __tablename__ = "working_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="ck_working_hours_weekday"),
        CheckConstraint(
            "0 <= from_minute AND from_minute < to_minute AND to_minute <= 1440", name="ck_working_hours_day"
        ),
    )

    owner_id: UUID = Field(primary_key=True)
    weekday: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    from_minute: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    to_minute: int = Field(sa_type=SmallInteger)


class Meeting(SQLModel, table=True):
    """A meeting. `uid` is opaque and stays for life; `sequence` counts its changes, as calendars do."""

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ck_meeting_order"),
        UniqueConstraint("uid", name="uq_meeting_uid"),
        Index("ix_meeting_starts", "starts_at"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    uid: str = Field(sa_column=Column(String(64), nullable=False))
    kind: MeetingKind = Field(sa_column=_one_of(MeetingKind, "ck_meeting_kind"))
    organizer_id: UUID
    starts_at: datetime = Field(sa_type=UTC_TIME)
    ends_at: datetime = Field(sa_type=UTC_TIME)
    tz: str = Field(sa_column=Column(String(64), nullable=False))
    place_kind: PlaceKind = Field(default=PlaceKind.ONSITE, sa_column=_one_of(PlaceKind, "ck_meeting_place_kind"))
    room_id: UUID | None = None
    sequence: int = 0
    state: MeetingState = Field(default=MeetingState.CONFIRMED, sa_column=_one_of(MeetingState, "ck_meeting_state"))


class Invitation(SQLModel, table=True):
    """Who is asked to a meeting and what they answered."""

    __table_args__ = (Index("ix_invitation_attendee", "attendee_id"),)

    meeting_id: UUID = Field(sa_column=Column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True))
    attendee_id: UUID = Field(primary_key=True)
    required: bool
    rsvp: Rsvp = Field(default=Rsvp.NEEDS_ACTION, sa_column=_one_of(Rsvp, "ck_invitation_rsvp", Rsvp.NEEDS_ACTION))
    responded_at: datetime | None = Field(default=None, sa_type=UTC_TIME)


class Seat(SQLModel, table=True):
    """The small number of an attendee or a room, so that a plain integer range can say who is booked when."""

    id: UUID = Field(primary_key=True)
    number: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True, maxvalue=2**37 - 1), nullable=False)
    )

    __table_args__ = (UniqueConstraint("number", name="uq_seat_number"),)


class Booking(SQLModel, table=True):
    """A seat taken by a confirmed meeting, in minutes since 2000. The exclusion makes a double booking impossible.

    Seat and minute make one integer, so the exclusion needs an integer range alone and no extension of the database.
    """

    __table_args__ = (
        CheckConstraint(
            f"0 <= from_minute AND from_minute < to_minute AND to_minute < {1 << MINUTES}", name="ck_booking_order"
        ),
        CheckConstraint(f"0 < seat AND seat < {1 << (63 - MINUTES)}", name="ck_booking_seat"),
        ExcludeConstraint(
            (
                literal_column(f"int8range((seat << {MINUTES}) + from_minute, (seat << {MINUTES}) + to_minute)"),
                "&&",
            ),
            name="ex_booking_twice",
            using="gist",
        ),
        Index("ix_booking_seat", "seat", "to_minute"),
    )

    meeting_id: UUID = Field(sa_column=Column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True))
    seat: int = Field(sa_column=Column(ForeignKey("seat.number"), primary_key=True, autoincrement=False))
    from_minute: int = Field(sa_type=BigInteger)
    to_minute: int = Field(sa_type=BigInteger)

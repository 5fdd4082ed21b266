"""The closed terms of time: stages of a deadline, kinds and states of meetings, answers to an invitation."""

from __future__ import annotations

from enum import StrEnum


class DeadlineState(StrEnum):
    """Where a deadline is. `ended`: a window or a keeping has run its time; duties never end by themselves."""

    RUNNING = "running"
    MET = "met"
    CANCELLED = "cancelled"
    ENDED = "ended"


class Stage(StrEnum):
    """What has last been told about a deadline. `warned` comes with a count."""

    WAITING = "waiting"
    WARNED = "warned"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    ENDED = "ended"


class MeetingKind(StrEnum):
    """What a meeting is; its composition rule follows from it."""

    RISK = "risk"
    COORDINATION = "coordination"
    ADVISORY_SHPA = "advisory_shpa"
    ADVISORY_DVPA = "advisory_dvpa"
    CASE = "case"


class MeetingState(StrEnum):
    """A meeting is confirmed when called."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class PlaceKind(StrEnum):
    """How people meet."""

    ONSITE = "onsite"
    ONLINE = "online"
    HYBRID = "hybrid"


class Rsvp(StrEnum):
    """An attendee's answer, named as in RFC 5545 PARTSTAT."""

    NEEDS_ACTION = "needs-action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"

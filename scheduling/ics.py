"""iTIP over iCalendar (RFC 5545, 5546): requests, cancellations and replies, with nothing of any case in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress

from scheduling.terms import Rsvp

PRODUCT = "-//Interagency Hub//Meetings//EN"
MAX_BYTES = 1_000_000

_ADDRESS = re.compile(r"[^\s@<>\"'(),:;\\\[\]\x00-\x20\x7f]+@[^\s@<>\"'(),:;\\\[\]\x00-\x20\x7f]+")
_UID = re.compile(r"[A-Za-z0-9@._-]{1,128}")


class BadCalendar(ValueError):
    """Incoming calendar data that cannot be used; the text is a message code and holds nothing of the data."""


@dataclass(frozen=True, slots=True)
class Person:
    """An organizer or attendee as a calendar shows them: an address of an agency and a display name."""

    address: str
    name: str
    required: bool = True
    rsvp: Rsvp = Rsvp.NEEDS_ACTION


@dataclass(frozen=True, slots=True)
class Invite:
    """What may leave the house about a meeting. `summary` is a neutral text in the reader's language, chosen by the
    caller from a fixed list; there is no place here for a description.
    """

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    tz: ZoneInfo
    summary: str
    organizer: Person
    attendees: Sequence[Person]
    place: str = ""


def request(invite: Invite, now: datetime) -> bytes:
    """An iTIP REQUEST: a first invitation (sequence 0) or an update. ValueError for a text that breaks a line."""
    return _message("REQUEST", invite, "CONFIRMED", invite.attendees, now)


def cancellation(invite: Invite, now: datetime) -> bytes:
    """An iTIP CANCEL of the whole meeting; `sequence` is the one the cancelling gave it."""
    return _message("CANCEL", invite, "CANCELLED", invite.attendees, now)


def reply(invite: Invite, attendee: Person, now: datetime) -> bytes:
    """An iTIP REPLY with one attendee's answer."""
    return _message("REPLY", invite, None, [attendee], now)


def _message(method: str, invite: Invite, status: str | None, attendees: Sequence[Person], now: datetime) -> bytes:
    if not _UID.fullmatch(invite.uid):
        raise ValueError("uid")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", invite.uid)
    event.add("dtstamp", now)
    event.add("sequence", invite.sequence)
    event.add("dtstart", invite.starts_at.astimezone(invite.tz))
    event.add("dtend", invite.ends_at.astimezone(invite.tz))
    event.add("summary", _line(invite.summary))
    event.add("class", "PRIVATE")
    if invite.place:
        event.add("location", _line(invite.place))
    if status is not None:
        event.add("status", status)
    event.add("organizer", _person(invite.organizer))
    for person in attendees:
        address = _person(person)
        address.params["CUTYPE"] = "INDIVIDUAL"
        address.params["ROLE"] = "REQ-PARTICIPANT" if person.required else "OPT-PARTICIPANT"
        address.params["PARTSTAT"] = person.rsvp.value.upper()
        if method == "REQUEST":
            address.params["RSVP"] = "TRUE"
        event.add("attendee", address)
    calendar.add_component(event)
    year = invite.starts_at.astimezone(invite.tz).year
    calendar.add_missing_timezones(first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
    written: bytes = calendar.to_ical()
    return written


def _line(text: str) -> str:
    """One line of plain text; ValueError if it holds a line break or any other control or direction character."""
    if any(unicodedata.category(mark) in {"Cc", "Cf", "Zl", "Zp", "Cs"} for mark in text):
        raise ValueError("control character in a calendar text")
    return text


def _person(person: Person) -> vCalAddress:
    if not _ADDRESS.fullmatch(person.address):
        raise ValueError("not an address")
    address = vCalAddress(f"mailto:{_line(person.address)}")
    address.params["CN"] = _line(person.name).replace('"', "'")
    return address


@dataclass(frozen=True, slots=True)
class Reply:
    """One attendee's answer as it came in. Anyone can write one: check the sender before you believe it."""

    uid: str
    address: str
    rsvp: Rsvp
    sequence: int


def read_calendar(data: bytes) -> Calendar:
    """One calendar from bytes of at most `MAX_BYTES`; `BadCalendar` otherwise."""
    if len(data) > MAX_BYTES:
        raise BadCalendar("too_large")
    try:
        read = Calendar.from_ical(data)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise BadCalendar("not_a_calendar") from error
    if not isinstance(read, Calendar):
        raise BadCalendar("not_a_calendar")
    return read


def read_reply(data: bytes) -> Reply:
    """The answer in an iTIP REPLY: exactly one event with exactly one attendee. `BadCalendar` for anything else."""
    calendar = read_calendar(data)
    if str(calendar.get("METHOD", "")).upper() != "REPLY":
        raise BadCalendar("not_a_reply")
    events = calendar.walk("VEVENT")
    if len(events) != 1:
        raise BadCalendar("not_one_event")
    event = events[0]
    attendee = event.get("ATTENDEE")
    uid = str(event.get("UID", ""))
    if not isinstance(attendee, vCalAddress) or not _UID.fullmatch(uid):
        raise BadCalendar("not_one_attendee")
    scheme, _, address = str(attendee).partition(":")
    if scheme.lower() != "mailto" or not _ADDRESS.fullmatch(address):
        raise BadCalendar("not_an_address")
    try:
        rsvp = Rsvp(str(attendee.params.get("PARTSTAT", "NEEDS-ACTION")).lower())
        sequence = int(event.get("SEQUENCE", 0))
    except (TypeError, ValueError) as error:
        raise BadCalendar("not_an_answer") from error
    return Reply(uid, address.lower(), rsvp, sequence)

"""Calendars in and out: other programs read ours, nothing can be smuggled in, busy times come out right."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from scheduling import ics
from scheduling.ics import BadCalendar, Invite, Person
from scheduling.icsbusy import UnsupportedZone, read_busy
from scheduling.terms import Rsvp

TAIPEI, BERLIN = ZoneInfo("Asia/Taipei"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
CHAIR = Person("centre@example.invalid", "示範防治中心（虛構）")
GUEST = Person("police@example.invalid", "示範分局（虛構）", required=False)


def invite(**changes: object) -> Invite:
    values: dict[str, object] = {
        "uid": "3f2a",
        "sequence": 0,
        "starts_at": datetime(2026, 3, 27, 8, tzinfo=UTC),
        "ends_at": datetime(2026, 3, 27, 9, 30, tzinfo=UTC),
        "tz": BERLIN,
        "summary": "聯繫會議 Network meeting",
        "organizer": CHAIR,
        "attendees": [CHAIR, GUEST],
    }
    return Invite(**(values | changes))  # type: ignore[arg-type]  # a table of any fields


def only_event(data: bytes) -> tuple[Calendar, Any]:
    """The calendar and its one event, as another program reads them."""
    calendar = Calendar.from_ical(data)
    assert isinstance(calendar, Calendar)
    [event] = calendar.walk("VEVENT")
    return calendar, event


def test_a_request_says_when_and_who_and_nothing_else() -> None:
    data = ics.request(invite(place="online"), NOW)
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 75
    calendar, event = only_event(data)
    assert (str(calendar["METHOD"]), str(calendar["VERSION"])) == ("REQUEST", "2.0")
    assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]
    assert set(event) == {
        "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "CLASS", "LOCATION", "STATUS", "ORGANIZER",
        "ATTENDEE",
    }  # fmt: skip
    assert event["DTSTART"].dt == datetime(2026, 3, 27, 9, tzinfo=BERLIN)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=90)
    chair, guest = event["ATTENDEE"]
    assert (str(chair), chair.params["ROLE"], chair.params["CN"]) == (
        "mailto:centre@example.invalid", "REQ-PARTICIPANT", "示範防治中心（虛構）",
    )  # fmt: skip
    assert (guest.params["ROLE"], guest.params["PARTSTAT"]) == ("OPT-PARTICIPANT", "NEEDS-ACTION")


def test_its_zone_holds_without_any_database_of_zones() -> None:
    """A reader that knows the VTIMEZONE alone, under a name it has never heard, comes to the same moment."""
    data = ics.request(
        invite(starts_at=datetime(2026, 6, 1, 7, tzinfo=UTC), ends_at=datetime(2026, 6, 1, 8, tzinfo=UTC)), NOW
    )
    _, event = only_event(data.replace(b"Europe/Berlin", b"Fictional/Place"))
    assert event["DTSTART"].dt.astimezone(UTC) == datetime(2026, 6, 1, 7, tzinfo=UTC)


def test_a_cancellation_and_a_reply() -> None:
    calendar, event = only_event(ics.cancellation(invite(sequence=3), NOW))
    assert (str(calendar["METHOD"]), str(event["STATUS"]), event["SEQUENCE"]) == ("CANCEL", "CANCELLED", 3)
    answer = Person("Police@example.invalid", "示範分局（虛構）", rsvp=Rsvp.DECLINED)
    assert ics.read_reply(ics.reply(invite(sequence=2), answer, NOW)) == ics.Reply(
        "3f2a", "police@example.invalid", Rsvp.DECLINED, 2
    )


HOSTILE = ["a\r\nATTENDEE:mailto:x@y.invalid", "a\nb", "a\x00b", "a\x85b", "a\u2028b", "a\u202eb", "a\tb"]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_smuggled_in(text: str) -> None:
    for hostile in (
        invite(summary=text),
        invite(place=text),
        invite(uid=text),
        invite(organizer=Person("a@b.invalid", text)),
        invite(attendees=[Person("a@b.invalid", text)]),
        invite(attendees=[Person(f"{text}@b.invalid", "x")]),
    ):
        with pytest.raises(ValueError, match=r"control|address|uid"):
            ics.request(hostile, NOW)


@pytest.mark.parametrize(
    "address", ["", "a", "a@", "@b", "a@b@c", 'a"@b', "a@b;X=1", "a@b,c@d", "<a@b>", "mailto:a@b", "a b@c", "a@b\r\n"]
)
def test_an_address_is_an_address(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        ics.request(invite(attendees=[Person(address, "x")]), NOW)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=80))
def test_any_text_is_refused_or_comes_back_whole(summary: str, name: str) -> None:
    try:
        data = ics.request(invite(summary=summary, attendees=[Person("a@b.invalid", name)]), NOW)
    except ValueError:
        return
    _, event = only_event(data)
    assert str(event["SUMMARY"]) == summary
    assert len(event) == 10
    assert event["ATTENDEE"].params["CN"] == name.replace('"', "'")
    assert max(map(len, data.split(b"\r\n"))) <= 75


REPLY = ics.reply(invite(), Person("a@b.invalid", "x", rsvp=Rsvp.ACCEPTED), NOW).replace(b"\r\n ", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_calendar"),
        (b"garbage", "not_a_calendar"),
        (b"\xff\xfe\x00", "not_a_calendar"),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "not_a_calendar"),
        (b"x" * 1_000_001, "too_large"),
        (ics.request(invite(), NOW), "not_a_reply"),
        (REPLY.replace(b"VEVENT", b"VTODO"), "not_one_event"),
        (REPLY.replace(b"mailto:a@b.invalid", b"https://b.invalid"), "not_an_address"),
        (REPLY.replace(b"PARTSTAT=ACCEPTED", b"PARTSTAT=DELEGATED"), "not_an_answer"),
        (REPLY.replace(b"UID:3f2a", b"UID:<script>"), "not_one_attendee"),
        (REPLY.replace(b"ATTENDEE", b"X-ATTENDEE"), "not_one_attendee"),
        (REPLY.replace(b"SEQUENCE:0", b"SEQUENCE:many"), "not_an_answer"),
    ],
)
def test_a_wrong_reply_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadCalendar, match=f"^{code}$"):
        ics.read_reply(data)


def busy(*lines: str, window: tuple[str, str] = ("2026-03-02", "2026-03-16"), tz: ZoneInfo = TAIPEI) -> list[str]:
    text = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""))
    start, end = (datetime.fromisoformat(day).replace(tzinfo=tz) for day in window)
    spans = read_busy(text.encode(), (start, end), tz)
    return [f"{a.astimezone(tz):%m-%d %H:%M}/{b.astimezone(tz):%m-%d %H:%M}" for a, b in spans]


def event(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VEVENT", "UID:u1", *lines, "END:VEVENT")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (event("DTSTART:20260303T010000Z", "DTEND:20260303T020000Z"), ["03-03 09:00/03-03 10:00"]),
        (event("DTSTART;TZID=Europe/Berlin:20260303T090000", "DURATION:PT90M"), ["03-03 16:00/03-03 17:30"]),
        (event("DTSTART;TZID=Taipei Standard Time:20260303T090000", "DURATION:PT1H"), ["03-03 09:00/03-03 10:00"]),
        (event("DTSTART:20260303T090000", "DURATION:PT1H"), ["03-03 09:00/03-03 10:00"]),  # floating
        (event("DTSTART;VALUE=DATE:20260303"), ["03-03 00:00/03-04 00:00"]),
        (event("DTSTART;VALUE=DATE:20260303", "DTEND;VALUE=DATE:20260306"), ["03-03 00:00/03-06 00:00"]),
        # cut to the window
        (event("DTSTART;VALUE=DATE:20260228", "DTEND;VALUE=DATE:20260303"), ["03-02 00:00/03-03 00:00"]),
        (event("DTSTART:20260303T010000Z"), []),  # a moment takes no time
        (event("DTSTART:20260303T010000Z", "DURATION:PT1H", "STATUS:CANCELLED"), []),
        (event("DTSTART:20260303T010000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"), []),
        (event("DTSTART:20260403T010000Z", "DURATION:PT1H"), []),
        (
            event("DTSTART;TZID=Asia/Taipei:20200106T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE"),
            [f"03-{day} 09:00/03-{day} 10:00" for day in ("02", "04", "09", "11")],
        ),
        (
            event("DTSTART:20260223T010000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
            ["03-09 09:00/03-09 10:00"],
        ),
        (event("DTSTART:20260301T010000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2"), ["03-02 09:00/03-02 10:00"]),
        (
            event("DTSTART:20260301T010000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20260303T010000Z"),
            ["03-02 09:00/03-02 10:00", "03-03 09:00/03-03 10:00"],
        ),
        (
            event("DTSTART:20260302T010000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260303T010000Z"),
            ["03-02 09:00/03-02 10:00", "03-04 09:00/03-04 10:00"],
        ),
        (
            event("DTSTART:20260101T010000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;BYDAY=2TU"),
            ["03-10 09:00/03-10 10:00"],
        ),
        (event("DTSTART;VALUE=DATE:20250305", "RRULE:FREQ=YEARLY"), ["03-05 00:00/03-06 00:00"]),
        (event("DTSTART:20260302T010000Z", "DURATION:PT1H", "RDATE:20260305T010000Z"),
         ["03-02 09:00/03-02 10:00", "03-05 09:00/03-05 10:00"]),
        (
            (
                *event("DTSTART:20260302T010000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"),
                *event("RECURRENCE-ID:20260303T010000Z", "DTSTART:20260303T050000Z", "DURATION:PT1H"),
                *event("RECURRENCE-ID:20260304T010000Z", "DTSTART:20260304T010000Z", "STATUS:CANCELLED"),
            ),
            ["03-02 09:00/03-02 10:00", "03-03 13:00/03-03 14:00"],
        ),
        (
            (
                "BEGIN:VFREEBUSY", "FREEBUSY;FBTYPE=BUSY:20260303T010000Z/PT1H,20260303T020000Z/20260303T030000Z",
                "FREEBUSY;FBTYPE=FREE:20260304T010000Z/PT1H", "END:VFREEBUSY",
            ),
            ["03-03 09:00/03-03 11:00"],
        ),
        (
            (
                *event("DTSTART:20260303T010000Z", "DURATION:PT2H"),
                *event("DTSTART:20260303T020000Z", "DURATION:PT2H"),
            ),
            ["03-03 09:00/03-03 12:00"],
        ),
    ],
)  # fmt: skip
def test_busy_times(lines: tuple[str, ...], expected: list[str]) -> None:
    assert busy(*lines) == expected


def test_a_weekly_hour_stays_on_the_wall_clock_when_it_changes() -> None:
    lines = event(
        "DTSTART;TZID=Europe/Berlin:20260105T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;UNTIL=20260406T070000Z"
    )
    assert busy(*lines, window=("2026-03-20", "2026-05-01"), tz=BERLIN) == [
        "03-23 09:00/03-23 10:00",
        "03-30 09:00/03-30 10:00",
        "04-06 09:00/04-06 10:00",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        event("DTSTART;TZID=Weird/Zone:20260303T090000", "DURATION:PT1H"),
        event("DTSTART:20260303T010000Z", "DTEND;TZID=Weird/Zone:20260303T090000"),
        event("DTSTART:20260303T010000Z", "RRULE:FREQ=DAILY", "EXDATE;TZID=Weird/Zone:20260303T090000"),
    ],
)
def test_a_zone_nobody_knows_is_not_guessed(lines: tuple[str, ...]) -> None:
    with pytest.raises(UnsupportedZone):
        busy(*lines)


@pytest.mark.parametrize(
    "lines",
    [
        event("DTEND:20260303T010000Z"),
        event("DTSTART:garbage"),
        event("DTSTART:20260303T010000Z", "DTEND:garbage"),
        event("DTSTART:20260303T010000Z", "DURATION:P99999999999D"),
        event("DTSTART:20260303T010000Z", "RRULE:FREQ=SECONDLY"),
        event("DTSTART:20260303T010000Z", "RRULE:FREQ=DAILY;BYSECOND=1,2,3"),
        event("DTSTART:20260303T010000Z", "RRULE:FREQ=DAILY;INTERVAL=0"),
        event("DTSTART:20260301T010000Z", "RRULE:FREQ=DAILY;INTERVAL=999999999999"),
        event("DTSTART:00010303T010000Z", "RRULE:FREQ=DAILY"),
        event("DTSTART:20260303T010000Z", "RRULE:nonsense"),
        event("DTSTART:20260303T010000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"),
        ("BEGIN:VFREEBUSY", "FREEBUSY:garbage", "END:VFREEBUSY"),
        tuple(line for _ in range(501) for line in event("DTSTART:20260303T010000Z", "RRULE:FREQ=DAILY")),
    ],
)
def test_what_cannot_be_read_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadCalendar):
        busy(*lines)


def test_a_rule_that_never_matches_ends() -> None:
    assert busy(*event("DTSTART:19700101T010000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=3")) == []


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    wrapped = (
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260303T010000Z\r\n"
        + data
        + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    window = (NOW, NOW + timedelta(days=30))
    for blob in (data, wrapped):
        with contextlib.suppress(BadCalendar):
            assert all(start < end for start, end in read_busy(blob, window, TAIPEI))
        with contextlib.suppress(BadCalendar):
            assert ics.read_reply(blob).uid

"""A notice's message: neutral, in three languages, the same each time, and nothing can be smuggled into it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from hub.base.ids import new_id
from hub.base.settings import Settings
from hub.base.texts import LANGUAGES, catalogue, files
from hub.notices.mail import NOTICE, NoAddressError, compose
from hub.notices.outbox import KINDS
from hub.notices.tables import Outbox
from scheduling import ics

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SUBJECT = UUID("5ab1ec70-0000-4000-8000-000000000001")
ALARMING = re.compile(
    r"violen|victim|abus|stalk|shelter|protect|polic|court|offend|perpetrat|danger|risk|case|referral|safe"
    r"|暴|害|跟蹤|騷擾|庇護|保護|警|法院|加害|危險|風險|個案|案|轉介|安全|폭력|피해|스토킹|쉼터|보호|경찰|법원|가해|위험|사례|의뢰|안전",
    re.IGNORECASE,
)


def row(kind: str = "referral_received", calendar: str | None = None) -> Outbox:
    return Outbox(
        id=new_id(), kind=kind, agency_id=new_id(), subject_id=SUBJECT, created_at=NOW, attempts=0, calendar=calendar
    )


def invite(sequence: int = 0) -> ics.Invite:
    return ics.Invite(
        uid="m1@hub.example",
        sequence=sequence,
        starts_at=NOW + timedelta(days=3),
        ends_at=NOW + timedelta(days=3, hours=2),
        tz=ZoneInfo("Asia/Taipei"),
        summary=catalogue("zh-Hant").text("meeting_summary", NOTICE) or "",
        organizer=ics.Person("notices@hub.example", "虛構防治中心"),
        attendees=[ics.Person("desk@agency.example", "虛構警察分局, 第一組")],
    )


def plain(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_kind_is_said_in_every_language_and_says_nothing(lang: str) -> None:
    texts = catalogue(lang)
    said = [texts.text(kind, NOTICE) for kind in (*KINDS, "meeting_summary")]
    assert all(said)
    assert len(set(said)) == len(said)
    for sentence in said:
        assert sentence is not None
        assert not ALARMING.search(sentence)
        assert "\n" not in sentence
        assert len(sentence) <= 70
        assert "%" not in sentence  # nothing is put into it


def test_the_catalogues_hold_no_notice_nobody_sends() -> None:
    for lang in LANGUAGES:
        held = {message.id for catalog in files(lang) for message in catalog if message.context == NOTICE}
        assert held == {*KINDS, "meeting_summary"}


def test_every_notice_in_the_code_is_of_a_known_kind() -> None:
    used = set()
    for path in (Path(__file__).parents[2] / "hub").rglob("*.py"):
        if "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Notice" and node.args:
                kind = node.args[0]
                used |= {kind.value} if isinstance(kind, ast.Constant) else set()
    assert used >= {"referral_received", "meeting_called", "action_assigned"}
    assert used <= set(KINDS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_reader_s_language_comes_first(lang: str, configure: Callable[..., Settings]) -> None:
    message = compose(row("clock_overdue"), "desk@agency.example", lang, configure(25))
    paragraphs = plain(message).strip().split("\n\n")
    said = [catalogue(code).text("clock_overdue", NOTICE) for code in LANGUAGES]
    assert message["Subject"] == paragraphs[0] == catalogue(lang).text("clock_overdue", NOTICE)
    assert sorted(paragraphs[:-1]) == sorted(str(sentence) for sentence in said)
    assert paragraphs[-1] == "https://hub.example/"


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_holds_nothing_of_what_it_is_about(kind: str, configure: Callable[..., Settings]) -> None:
    made = row(kind)
    message = compose(made, "desk@agency.example", "en", configure(25))
    sent = message.as_bytes().decode()
    assert str(SUBJECT) not in sent
    assert SUBJECT.hex not in sent
    assert str(made.agency_id) not in sent
    assert kind not in sent  # "referral" on a screen in a family's kitchen is too much already
    assert set(message.keys()) == {
        "From", "To", "Subject", "Message-ID", "Date", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
        "MIME-Version",
    }  # fmt: skip


def test_the_message_id_is_the_row_s_own(configure: Callable[..., Settings]) -> None:
    made, settings = row(), configure(25)
    first, again = (compose(made, "desk@agency.example", "ko", settings) for _ in range(2))
    assert first["Message-ID"] == again["Message-ID"] == f"<{made.id}@hub.example>"
    assert first.as_bytes() == again.as_bytes()
    assert compose(row(), "desk@agency.example", "ko", settings)["Message-ID"] != first["Message-ID"]


@pytest.mark.parametrize(
    ("kind", "make", "method"),
    [("meeting_called", ics.request, "REQUEST"), ("meeting_cancelled", ics.cancellation, "CANCEL")],
)
def test_an_invitation_is_read_by_a_calendar(
    kind: str, make: Callable[[ics.Invite, datetime], bytes], method: str, configure: Callable[..., Settings]
) -> None:
    written = make(invite(sequence=2), NOW)
    message = compose(row(kind, written.decode()), "desk@agency.example", "zh-Hant", configure(25))
    read = message_from_bytes(message.as_bytes(), _class=EmailMessage, policy=SMTP)
    assert read.get_content_type() == "multipart/alternative"
    [part] = [part for part in read.walk() if part.get_content_type() == "text/calendar"]
    assert part.get_param("method") == method
    assert part.get_content_charset() == "utf-8"
    calendar = Calendar.from_ical(part.get_content())
    assert calendar["METHOD"] == method
    [event] = calendar.walk("VEVENT")
    assert (event["UID"], event["SEQUENCE"]) == ("m1@hub.example", 2)
    assert event["ATTENDEE"].params["CN"] == "虛構警察分局, 第一組"
    assert event.decoded("DTSTART") == NOW + timedelta(days=3)
    assert "DESCRIPTION" not in event
    assert plain(read).startswith(str(catalogue("zh-Hant").text(kind, NOTICE)))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "desk@agency.example\r\nBcc: other@elsewhere.example",
        "desk@agency.example\nBcc: other@elsewhere.example",
        "desk@agency.example, other@elsewhere.example",
        "desk@agency.example other@elsewhere.example",
        "desk@agency.example;other@elsewhere.example",
        "Desk <other@elsewhere.example>",
        "<other@elsewhere.example>",
        '"desk@agency.example"@elsewhere.example',
        "group: other@elsewhere.example;",
        "desk@agency.example\x00",
        "desk@agency.example\u2028",
        "desk@",
        "@agency.example",
        "de\u017fk@agency.example",
        "desk@\u0430gency.example",
        f"{'x' * 250}@agency.example",
    ],
)
def test_only_one_plain_address_is_written_to(address: str, configure: Callable[..., Settings]) -> None:
    with pytest.raises(NoAddressError):
        compose(row(), address, "en", configure(25))


@pytest.mark.parametrize("address", ["desk@agency.example", "o'neil+desk_1@a-b.agency.example", "x@localhost"])
def test_usual_addresses_are_taken(address: str, configure: Callable[..., Settings]) -> None:
    assert compose(row(), address, "en", configure(25))["To"] == address

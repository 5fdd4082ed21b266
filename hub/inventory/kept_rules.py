"""Pure rules of keeping a service by hand: what may be written in each section. What stands already is not judged."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from directory.agency_entry import Entry
from directory.columns import GENDERS, WEEKDAYS
from directory.facts import LANGUAGES
from directory.kept import SECTIONS, About, ContactRow, CostRow, DocumentRow, HoursRow, PhoneRow, PlaceRow, Sheet, Whom
from directory.taxonomy import LANGUAGES as NAMED_IN
from directory.taxonomy import NEEDS, NETWORKS
from hub.base.errors import FieldError

LONGEST, LONGEST_TEXT = 300, 5000
MOST_ROWS, MOST_CODES = 30, 100
OLDEST = 150
KINDS = ("physical", "virtual", "postal", "confidential")
_PHONE = re.compile(r"\+?[0-9][0-9 ()#*,.\-]{1,38}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://[^\s]+")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LONG = {"description", "application_process", "eligibility_description", "transportation", "alert"}


def check(before: Sheet, after: Sheet, areas: Collection[str], *, all_places: bool) -> list[FieldError]:
    """What is wrong with what would be written, section by section; rows and sections that stay are not looked at.

    `areas` are the codes of known places; `all_places` lets places change where other agencies serve too. Paths are
    those of the input: `phones.0.number`.
    """
    wrong: list[FieldError] = []
    for section in SECTIONS:
        was, is_ = getattr(before, section), getattr(after, section)
        if was == is_:
            continue
        wrong += _texts(section, is_)
        if section == "about":
            wrong += _about(is_)
        elif section == "whom":
            wrong += _whom(is_)
        elif section in ("needs", "areas", "languages"):
            wrong += _codes(section, is_, set(was), areas)
        else:
            wrong += _rows(section, was, is_, areas, all_places=all_places)
    return wrong


def check_entry(before: Entry, after: Entry) -> list[FieldError]:
    """The same of an agency's own entry."""
    words = {
        word: getattr(after, word) for word in ("name", "names", "alternate_name", "description", "email", "website")
    }
    wrong = _said("", {word: value for word, value in words.items() if value != getattr(before, word)})
    wrong += [] if after.name.strip() else [FieldError("name", "required")]
    if not set(after.names) <= set(NAMED_IN):
        wrong.append(FieldError("names", "language_unknown"))
    if after.email and after.email != before.email and not _EMAIL.fullmatch(after.email):
        wrong.append(FieldError("email", "email_form"))
    if after.website and after.website != before.website and not _URL.fullmatch(after.website):
        wrong.append(FieldError("website", "url_form"))
    if after.network is not None and after.network not in NETWORKS:
        wrong.append(FieldError("network", "network_unknown"))
    for section in ("phones", "contacts"):
        was, is_ = getattr(before, section), getattr(after, section)
        if was != is_:
            wrong += _texts(section, is_) + _rows(section, was, is_, (), all_places=False)
    return wrong


def _texts(section: str, value: Any) -> list[FieldError]:
    """Texts that are too long or hold control characters, wherever they are."""
    if section in ("about", "whom"):
        return _said(section, asdict(value))
    if section in ("needs", "areas", "languages"):
        return []
    return [fault for n, row in enumerate(value) for fault in _said(f"{section}.{n}", asdict(row))]


def _said(path: str, values: dict[str, Any]) -> list[FieldError]:
    wrong = []
    for name, value in values.items():
        for said in value.values() if isinstance(value, dict) else (value,):
            if not isinstance(said, str):
                continue
            if len(said) > (LONGEST_TEXT if name in _LONG else LONGEST):
                wrong.append(FieldError(f"{path}.{_camel(name)}".lstrip("."), "too_long"))
            if _CONTROL.search(said.replace("\r\n", "\n")):
                wrong.append(FieldError(f"{path}.{_camel(name)}".lstrip("."), "control_characters"))
    return wrong


def _camel(name: str) -> str:
    """The name as the input has it."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _about(said: About) -> list[FieldError]:
    wrong = [] if said.name.strip() else [FieldError("about.name", "required")]
    if not set(said.names) <= set(NAMED_IN):
        wrong.append(FieldError("about.names", "language_unknown"))
    if said.email and not _EMAIL.fullmatch(said.email):
        wrong.append(FieldError("about.email", "email_form"))
    if said.url and not _URL.fullmatch(said.url):
        wrong.append(FieldError("about.url", "url_form"))
    return wrong


def _whom(said: Whom) -> list[FieldError]:
    wrong = [
        FieldError(f"whom.{_camel(name)}", "age_form")
        for name in ("minimum_age", "maximum_age")
        if (age := getattr(said, name)) is not None and not 0 <= age <= OLDEST
    ]
    if said.minimum_age is not None and said.maximum_age is not None and said.minimum_age > said.maximum_age:
        wrong.append(FieldError("whom.maximumAge", "age_order"))
    if not set(said.genders) <= set(GENDERS):
        wrong.append(FieldError("whom.genders", "choose_one"))
    return wrong


def _codes(section: str, codes: Sequence[str], was: Collection[str], areas: Collection[str]) -> list[FieldError]:
    known: dict[str, tuple[Collection[str], str]] = {
        "needs": (NEEDS, "unknown_need"), "areas": (areas, "area_unknown"), "languages": (LANGUAGES, "language_unknown")
    }  # fmt: skip
    allowed, code = known[section]
    if any(one not in allowed and one not in was for one in codes):
        return [FieldError(section, code)]
    if not codes and section != "languages":  # nobody would ever find it
        return [FieldError(section, "choose_one")]
    return [FieldError(section, "too_many")] if len(codes) > MOST_CODES else []


def _rows(
    section: str, was: Sequence[Any], rows: Sequence[Any], areas: Collection[str], *, all_places: bool
) -> list[FieldError]:
    known = {row.id: row for row in was}
    wrong = [FieldError(section, "too_many")] if len(rows) > max(MOST_ROWS, len(was)) else []
    if len({row.id for row in rows if row.id is not None}) < sum(row.id is not None for row in rows):
        wrong.append(FieldError(section, "unknown_row"))
    for n, row in enumerate(rows):
        path = f"{section}.{n}"
        if row.id is not None and row.id not in known:
            wrong.append(FieldError(f"{path}.id", "unknown_row"))
        elif known.get(row.id) != row:
            wrong += _row(path, known.get(row.id), row, areas, all_places=all_places)
    return wrong  # leaving a place where others serve too is one's own affair: only the link goes


def _row(path: str, was: Any, row: Any, areas: Collection[str], *, all_places: bool) -> list[FieldError]:
    match row:
        case PhoneRow():
            return [] if _PHONE.fullmatch(row.number) else [FieldError(f"{path}.number", "phone_form")]
        case ContactRow():
            wrong = [] if row.name or row.title or row.department else [FieldError(f"{path}.name", "required")]
            if row.email and not _EMAIL.fullmatch(row.email):
                wrong.append(FieldError(f"{path}.email", "email_form"))
            return wrong
        case HoursRow():
            return _hours(path, row)
        case CostRow():
            return _cost(path, row)
        case DocumentRow():
            return [] if row.document else [FieldError(f"{path}.document", "required")]
        case _:
            return _place(path, was, row, areas, all_places=all_places)


def _hours(path: str, row: HoursRow) -> list[FieldError]:
    wrong = []
    days = row.byday.split(",") if row.byday else []
    if not set(days) <= set(WEEKDAYS) or not days:
        wrong.append(FieldError(f"{path}.days", "choose_one"))
    if (row.opens_at is None) != (row.closes_at is None) or (row.opens_at is None and not row.description):
        wrong.append(FieldError(f"{path}.opensAt", "hours_form"))
    if row.valid_from and row.valid_to and row.valid_from > row.valid_to:
        wrong.append(FieldError(f"{path}.validTo", "ends_before_it_begins"))
    return wrong


def _cost(path: str, row: CostRow) -> list[FieldError]:
    wrong = []
    if row.amount is not None and not 0 <= row.amount < 10**9:
        wrong.append(FieldError(f"{path}.amount", "amount_form"))
    if row.currency and not _CURRENCY.fullmatch(row.currency):
        wrong.append(FieldError(f"{path}.currency", "currency_form"))
    if not (row.option or row.amount is not None or row.amount_description):
        wrong.append(FieldError(f"{path}.option", "required"))
    return wrong


def _place(
    path: str, was: PlaceRow | None, row: PlaceRow, areas: Collection[str], *, all_places: bool
) -> list[FieldError]:
    """A place. One that is confidential stays so: whoever made it so may have had a reason that we do not know."""
    if was is not None and was.shared and not all_places:
        return [FieldError(f"{path}.name", "place_shared")]
    if row.kind not in KINDS:
        return [FieldError(f"{path}.kind", "choose_one")]
    if was is not None and was.kind == "confidential" and row.kind != "confidential":
        return [FieldError(f"{path}.kind", "place_stays_confidential")]
    if row.kind == "confidential":
        becomes = was is not None and was.kind != "confidential"  # it is emptied: what is still in the form goes
        told = row.address_1 or row.address_2 or row.city or row.postal_code or row.area_code or row.transportation
        return [FieldError(f"{path}.address1", "place_tells")] if told and not becomes else []
    if row.area_code is not None and row.area_code not in areas:
        return [FieldError(f"{path}.areaCode", "area_unknown")]
    said = row.name or row.address_1 or row.city or row.area_code
    return [] if said else [FieldError(f"{path}.name", "required")]

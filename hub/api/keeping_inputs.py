"""GraphQL: what is sent to keep the directory by hand, and what it means to the use cases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from directory import kept
from directory.rounds import StopReason
from hub.base.errors import FieldError, InvalidInput
from hub.inventory.editing import Draft

from . import inventory_types as inventory_types  # describes the closed lists
from .keeping_types import PurgeReason

KEY = "8 to 100 characters; repeat safely."
ROW = "The row it changes; null: a new one. Rows that are not sent go."
MOST = 200
"""Rows of one section that are looked at."""


@strawberry.input(description="A name in one language.")
class LanguageNameInput:
    """A name."""

    language: str = strawberry.field(description="zh-Hant, en or ko.")
    name: str = strawberry.field(description="The name; empty: none.")


@strawberry.input(description="What a service is, in words; what is null stays.")
class ServiceAboutInput:
    """Words."""

    name: str | None = strawberry.field(default=None, description="Its name.")
    names: list[LanguageNameInput] | None = strawberry.field(default=None, description="All its names per language.")
    alternate_name: str | None = strawberry.field(default=None, description="Another name.")
    description: str | None = strawberry.field(default=None, description="What it offers.")
    url: str | None = strawberry.field(default=None, description="Its page.")
    email: str | None = strawberry.field(default=None, description="Its mail address.")
    application_process: str | None = strawberry.field(default=None, description="How to apply.")
    interpretation_services: str | None = strawberry.field(default=None, description="Interpretation it offers.")
    wait_time: str | None = strawberry.field(default=None, description="How long one waits.")
    fees_description: str | None = strawberry.field(default=None, description="What it costs, in words.")
    alert: str | None = strawberry.field(default=None, description="What one must know just now.")


@strawberry.input(description="Whom a service is for: all of it is set.")
class ServiceWhomInput:
    """Whom."""

    eligibility_description: str = strawberry.field(default="", description="In words.")
    minimum_age: int | None = strawberry.field(default=None, description="In whole years; null: no limit.")
    maximum_age: int | None = strawberry.field(default=None, description="In whole years; null: no limit.")
    genders: list[str] = strawberry.field(default_factory=list, description="female, male, other; empty: everyone.")


@strawberry.input(description="A telephone.")
class ServicePhoneInput:
    """A telephone."""

    id: strawberry.ID | None = strawberry.field(default=None, description=ROW)
    number: str = strawberry.field(description="Its number.")
    extension: str = strawberry.field(default="", description="Its extension.")
    type: str = strawberry.field(default="", description="voice, fax, text and so on.")
    description: str = strawberry.field(default="", description="Whose it is.")


@strawberry.input(description="A named person or desk.")
class ServiceContactInput:
    """A contact."""

    id: strawberry.ID | None = strawberry.field(default=None, description=ROW)
    name: str = strawberry.field(default="", description="Name.")
    title: str = strawberry.field(default="", description="Title.")
    department: str = strawberry.field(default="", description="Department.")
    email: str = strawberry.field(default="", description="Mail address.")


@strawberry.input(description="Hours of a week, local time.")
class ServiceHoursInput:
    """Hours."""

    id: strawberry.ID | None = strawberry.field(default=None, description=ROW)
    days: list[str] = strawberry.field(description="MO, TU, WE, TH, FR, SA, SU.")
    opens_at: time | None = strawberry.field(default=None, description="When it opens.")
    closes_at: time | None = strawberry.field(default=None, description="When it closes; before opening: the next day.")
    valid_from: date | None = strawberry.field(default=None, description="From which day; null: always.")
    valid_to: date | None = strawberry.field(default=None, description="To which day; null: for good.")
    description: str = strawberry.field(default="", description="In words.")


@strawberry.input(description="What it costs.")
class ServiceCostInput:
    """A cost."""

    id: strawberry.ID | None = strawberry.field(default=None, description=ROW)
    option: str = strawberry.field(default="", description="On what condition.")
    amount: Decimal | None = strawberry.field(default=None, description="How much.")
    currency: str = strawberry.field(default="", description="ISO 4217.")
    amount_description: str = strawberry.field(default="", description="In words.")


@strawberry.input(description="A document one must bring.")
class ServiceDocumentInput:
    """A document."""

    id: strawberry.ID | None = strawberry.field(default=None, description=ROW)
    document: str = strawberry.field(description="Which.")
    uri: str = strawberry.field(default="", description="Its page.")


@strawberry.input(description="A place where it is given. One made confidential is emptied and its past forgotten.")
class ServicePlaceInput:
    """A place."""

    id: strawberry.ID | None = strawberry.field(default=None, description=ROW)
    kind: str = strawberry.field(default="physical", description="physical, virtual, postal, confidential.")
    name: str = strawberry.field(default="", description="Its name; a neutral one where it is confidential.")
    address_1: str = strawberry.field(default="", description="First line of the address.")
    address_2: str = strawberry.field(default="", description="Second line.")
    city: str = strawberry.field(default="", description="City or township.")
    postal_code: str = strawberry.field(default="", description="Postal code.")
    area_code: str | None = strawberry.field(default=None, description="Code of the area it lies in.")
    transportation: str = strawberry.field(default="", description="How to get there.")


@strawberry.input(description="How much is free.")
class ServiceCapacityInput:
    """A capacity."""

    available: int = strawberry.field(description="How much.")
    unit: str = strawberry.field(description="Of what: place, bed, hour.")


@strawberry.input(description="Sections of a service; those that are null stay as they are.")
class ServiceSectionsInput:
    """Sections."""

    about: ServiceAboutInput | None = strawberry.field(default=None, description="What it is.")
    whom: ServiceWhomInput | None = strawberry.field(default=None, description="Whom it is for.")
    needs: list[str] | None = strawberry.field(default=None, description="Codes of all needs it answers.")
    areas: list[str] | None = strawberry.field(default=None, description="Codes of all areas it serves.")
    languages: list[str] | None = strawberry.field(default=None, description="BCP 47 tags of all its languages.")
    phones: list[ServicePhoneInput] | None = strawberry.field(default=None, description="All its telephones.")
    contacts: list[ServiceContactInput] | None = strawberry.field(default=None, description="All its contacts.")
    hours: list[ServiceHoursInput] | None = strawberry.field(default=None, description="All its hours.")
    costs: list[ServiceCostInput] | None = strawberry.field(default=None, description="All it costs.")
    documents: list[ServiceDocumentInput] | None = strawberry.field(default=None, description="All one must bring.")
    places: list[ServicePlaceInput] | None = strawberry.field(default=None, description="All places it is given at.")
    capacity: ServiceCapacityInput | None = strawberry.field(default=None, description="How much is free now.")


@strawberry.input(description="Change a service. Of one's own it is an answer to stock-taking too.")
class UpdateServiceInput:
    """A change."""

    service_id: strawberry.ID = strawberry.field(description="The service.")
    version: str = strawberry.field(description="The version that was read; another one is a `Conflict`.")
    sections: ServiceSectionsInput = strawberry.field(description="What shall be of it.")
    reopen: bool = strawberry.field(default=False, description="It is offered again.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Add a service, with a name, needs and areas at least.")
class AddServiceInput:
    """A new service."""

    organization_id: strawberry.ID | None = strawberry.field(
        default=None, description="Its agency in the directory (HSDS): administrators name it, managers have their own."
    )
    sections: ServiceSectionsInput = strawberry.field(description="What it is.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Close a service: it takes no referrals from now.")
class CloseServiceInput:
    """A closing."""

    service_id: strawberry.ID = strawberry.field(description="The service.")
    version: str = strawberry.field(description="The version that was read; another one is a `Conflict`.")
    temporarily: bool = strawberry.field(default=False, description="It will be offered again.")
    day: date | None = strawberry.field(default=None, description="For good: its last day.")
    reason: StopReason | None = strawberry.field(default=None, description="For good: why.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Ask that the past of a field be forgotten; what it says now stays: correct that first.")
class AskPurgeInput:
    """A request."""

    service_id: strawberry.ID = strawberry.field(description="The service.")
    change_id: strawberry.ID = strawberry.field(
        description="A change of the field in its history; of a removed row all is meant."
    )
    reason: PurgeReason = strawberry.field(description="Why.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Decide on another administrator's request to forget, or take back one's own.")
class DecidePurgeInput:
    """A decision."""

    purge_id: strawberry.ID = strawberry.field(description="The request.")
    agreed: bool = strawberry.field(description="True: it is forgotten at once, for good. False: it stays.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


@strawberry.input(description="Say what a word of an import means.")
class MapTermInput:
    """A choice."""

    term_id: strawberry.ID = strawberry.field(description="The word.")
    need: str | None = strawberry.field(default=None, description="Code of the need; null: no need of the duty map.")
    duty_map: str = strawberry.field(description="Version of the duty map that was read (`needs.version`).")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


def row_key(text: str | None, path: str) -> UUID | None:
    """The id of a row; InvalidInput at `path` where it is none."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise InvalidInput(FieldError(path, "unknown_row")) from None


def cleaned(value: Any) -> Any:
    """A text as it is kept: line ends as one, no blanks around it."""
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def rows(section: str, made: type[Any], given: Iterable[Any] | None, *drop: str) -> tuple[Any, ...] | None:
    """The rows of a section as the use case takes them, without the fields to `drop`; None stays None."""
    if given is None:
        return None
    sent = list(given)
    if len(sent) > MOST:
        raise InvalidInput(FieldError(section, "too_many"))
    found = []
    for n, row in enumerate(sent):
        said = {name: cleaned(value) for name, value in vars(row).items() if name not in {"id", *drop}}
        if "days" in drop:
            said["byday"] = ",".join(row.days)
        found.append(made(id=row_key(row.id, f"{section}.{n}.id"), **said))
    return tuple(found)


def draft(given: ServiceSectionsInput, *, reopen: bool = False) -> Draft:
    """The sections as the use case takes them."""
    about = None
    if given.about is not None:
        about = {name: cleaned(value) for name, value in vars(given.about).items() if value is not None}
        if "names" in about:
            about["names"] = {one.language: one.name.strip() for one in about["names"] if one.name.strip()}
    whom = None
    if given.whom is not None:
        said = {name: cleaned(value) for name, value in vars(given.whom).items()}
        whom = kept.Whom(**{**said, "genders": tuple(dict.fromkeys(given.whom.genders))})
    return Draft(
        about,
        whom,
        _codes(given.needs),
        _codes(given.areas),
        _codes(given.languages),
        rows("phones", kept.PhoneRow, given.phones),
        rows("contacts", kept.ContactRow, given.contacts),
        rows("hours", kept.HoursRow, given.hours, "days"),
        rows("costs", kept.CostRow, given.costs),
        rows("documents", kept.DocumentRow, given.documents),
        rows("places", kept.PlaceRow, given.places),
        None if given.capacity is None else (given.capacity.available, given.capacity.unit),
        reopen,
    )


def _codes(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)

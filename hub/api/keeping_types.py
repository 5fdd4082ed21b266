"""GraphQL: the types of keeping the directory by hand: a service to be changed, its history, words of imports."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import strawberry

from directory import kept
from directory.purging import PurgeReason as PurgeReason
from directory.terms import Term
from hub.inventory import keeping

from .describe import Node, describes, enum, gid, localized, pure

ALL = frozenset({"*"})


def _key(source: Any, _context: Any, _arguments: dict[str, Any]) -> str:
    return str(source.id)


def _key_field(root: Any) -> strawberry.ID:
    return strawberry.ID(_key(root, None, {}))


def _row_id() -> Any:
    return pure(_key, _key_field, "Its id in the directory (HSDS); give it back with a change, none for a new one.")


@strawberry.type(description="A name in one language.")
class LanguageName:
    """A name."""

    language: str = strawberry.field(description="zh-Hant, en or ko.")
    name: str = strawberry.field(description="The name.")


def _names(source: Any, _context: Any, _arguments: dict[str, Any]) -> list[LanguageName]:
    return [LanguageName(language=language, name=name) for language, name in sorted(source.names.items())]


def _names_field(root: Any) -> list[LanguageName]:
    return _names(root, None, {})


@strawberry.type(description="What a service is, in words.")
@describes(kept.About, public=ALL)
class ServiceAbout:
    """Words."""

    name: str = strawberry.field(description="Its name.")
    names = pure(_names, _names_field, "Its name per language.")
    alternate_name: str = strawberry.field(description="Another name.")
    description: str = strawberry.field(description="What it offers.")
    url: str = strawberry.field(description="Its page.")
    email: str = strawberry.field(description="Its mail address.")
    application_process: str = strawberry.field(description="How to apply.")
    interpretation_services: str = strawberry.field(description="Interpretation it offers.")
    wait_time: str = strawberry.field(description="How long one waits.")
    fees_description: str = strawberry.field(description="What it costs, in words.")
    alert: str = strawberry.field(description="What one must know just now.")


@strawberry.type(description="Whom a service is for.")
@describes(kept.Whom, public=ALL)
class ServiceWhom:
    """Whom."""

    eligibility_description: str = strawberry.field(description="In words.")
    minimum_age: int | None = strawberry.field(description="In whole years; null: no limit.")
    maximum_age: int | None = strawberry.field(description="In whole years; null: no limit.")
    genders: list[str] = strawberry.field(description="female, male, other; empty: everyone.")


@strawberry.type(description="A telephone of a service.")
@describes(kept.PhoneRow, public=ALL)
class ServicePhone:
    """A telephone."""

    id = _row_id()
    number: str = strawberry.field(description="Its number.")
    extension: str = strawberry.field(description="Its extension.")
    type: str = strawberry.field(description="voice, fax, text and so on.")
    description: str = strawberry.field(description="Whose it is.")


@strawberry.type(description="A named person or desk of a service.")
@describes(kept.ContactRow, public=ALL)
class ServiceContact:
    """A contact."""

    id = _row_id()
    name: str = strawberry.field(description="Name.")
    title: str = strawberry.field(description="Title.")
    department: str = strawberry.field(description="Department.")
    email: str = strawberry.field(description="Mail address.")


def _days(source: Any, _context: Any, _arguments: dict[str, Any]) -> list[str]:
    return source.byday.split(",") if source.byday else []


def _days_field(root: Any) -> list[str]:
    return _days(root, None, {})


@strawberry.type(description="Hours of a week, local time.")
@describes(kept.HoursRow, public=ALL)
class ServiceHours:
    """Hours."""

    id = _row_id()
    days = pure(_days, _days_field, "MO, TU, WE, TH, FR, SA, SU (RFC 5545).")
    opens_at: time | None = strawberry.field(description="When it opens.")
    closes_at: time | None = strawberry.field(description="When it closes; before opening: the next day.")
    valid_from: date | None = strawberry.field(description="From which day; null: always.")
    valid_to: date | None = strawberry.field(description="To which day; null: for good.")
    description: str = strawberry.field(description="In words.")


@strawberry.type(description="What a service costs.")
@describes(kept.CostRow, public=ALL)
class ServiceCost:
    """A cost."""

    id = _row_id()
    option: str = strawberry.field(description="On what condition.")
    amount: Decimal | None = strawberry.field(description="How much.")
    currency: str = strawberry.field(description="ISO 4217.")
    amount_description: str = strawberry.field(description="In words.")


@strawberry.type(description="A document one must bring.")
@describes(kept.DocumentRow, public=ALL)
class ServiceDocument:
    """A document."""

    id = _row_id()
    document: str = strawberry.field(description="Which.")
    uri: str = strawberry.field(description="Its page.")


@strawberry.type(
    description="A place where a service is given. Of a confidential one nothing tells where it is (DVPA 56)."
)
@describes(kept.PlaceRow, public=ALL)
class ServicePlace:
    """A place."""

    id = _row_id()
    kind: str = strawberry.field(description="physical, virtual, postal, confidential.")
    name: str = strawberry.field(description="Its name; a neutral one where it is confidential.")
    address_1: str = strawberry.field(description="First line of the address.")
    address_2: str = strawberry.field(description="Second line.")
    city: str = strawberry.field(description="City or township.")
    postal_code: str = strawberry.field(description="Postal code.")
    area_code: str | None = strawberry.field(description="Code of the area it lies in.")
    transportation: str = strawberry.field(description="How to get there.")
    shared: bool = strawberry.field(description="Other agencies serve there too: an administrator changes it.")


def _service(source: Any, _context: Any, _arguments: dict[str, Any]) -> str:
    return gid("Service", source.id)


def _service_field(root: Any) -> strawberry.ID:
    return strawberry.ID(_service(root, None, {}))


def _served(source: Any, _context: Any, _arguments: dict[str, Any]) -> str:
    return gid("Service", source.service_id)


def _served_field(root: Any) -> strawberry.ID:
    return strawberry.ID(_served(root, None, {}))


@strawberry.type(description="A service as whoever may change it reads it.")
@describes(keeping.SheetView, public=ALL)
class EditableService:
    """A service, section by section."""

    service_id = pure(_service, _service_field, "The service.")
    version: str = strawberry.field(description="What it stands at; give it back with a change.")
    status: str = strawberry.field(description="HSDS status.")
    name = localized("Its name in a language.")
    about: ServiceAbout = strawberry.field(description="What it is.")
    whom: ServiceWhom = strawberry.field(description="Whom it is for.")
    needs: list[str] = strawberry.field(description="Codes of the needs it answers.")
    areas: list[str] = strawberry.field(description="Codes of the areas it serves.")
    languages: list[str] = strawberry.field(description="BCP 47 tags of its languages.")
    phones: list[ServicePhone] = strawberry.field(description="Its telephones.")
    contacts: list[ServiceContact] = strawberry.field(description="Its contacts.")
    hours: list[ServiceHours] = strawberry.field(description="Its hours.")
    costs: list[ServiceCost] = strawberry.field(description="What it costs.")
    documents: list[ServiceDocument] = strawberry.field(description="What one must bring.")
    places: list[ServicePlace] = strawberry.field(description="Where it is given.")
    available: int | None = strawberry.field(description="Places free, as last said.")
    unit: str | None = strawberry.field(description="Of what: place, bed, hour.")


@strawberry.type(description="A service in the list of its own agency's services.")
@describes(keeping.OwnView, public=ALL)
class OwnService:
    """A service."""

    service_id = pure(_service, _service_field, "The service.")
    name = localized("Its name in a language.")
    status: str = strawberry.field(description="HSDS status.")
    assured_on: date | None = strawberry.field(description="When its agency last attested it.")
    available: int | None = strawberry.field(description="Places free, as last said.")
    unit: str | None = strawberry.field(description="Of what: place, bed, hour.")


enum(
    PurgeReason,
    "Why the past of a field must not be known any more.",
    WHEREABOUTS="It tells where somebody or something that is protected is (DVPA 56).",
    IDENTITY="It tells who somebody is.",
    SENSITIVE="It tells something else of a person.",
    OTHER="Another reason.",
)


@strawberry.type(
    description="A request to forget the past of a field, or all of a removed row: one administrator asks, another "
    "agrees."
)
@describes(keeping.PurgeView, public=ALL)
class HistoryPurge:
    """A request."""

    id = pure(_key, _key_field, "Its id, for `decidePurge`.")
    service_id = pure(_served, _served_field, "The service in whose history it was found.")
    change_id: strawberry.ID = strawberry.field(description="The change it was asked for at.")
    what: str = strawberry.field(description="Entity of HSDS: service, phone, schedule, location and so on.")
    field: str = strawberry.field(description="The field; empty: all of a row that was removed.")
    reason: PurgeReason = strawberry.field(description="Why.")
    asked_by: str = strawberry.field(description="Name of the administrator who asked.")
    asked_at: datetime = strawberry.field(description="When.")
    decided_by: str = strawberry.field(description="Name of the administrator who decided; empty: it waits.")
    decided_at: datetime | None = strawberry.field(description="When; null: it waits.")
    agreed: bool | None = strawberry.field(description="Whether it was forgotten; null: it waits.")
    own: bool = strawberry.field(description="The caller asked for it, and so cannot agree to it.")


@strawberry.type(description="A change of one field of a service, or of what it has (HSDS metadata).")
@describes(keeping.ChangeView, public=ALL)
class ServiceChange:
    """A change."""

    id = pure(_key, _key_field, "Its id in the directory (HSDS metadata).")
    at: datetime = strawberry.field(description="When.")
    by: str = strawberry.field(description="Name of the person; empty: an import, or nobody known here.")
    imported_from: str = strawberry.field(description="The source of the import that did it; empty: a person did.")
    what: str = strawberry.field(description="Entity of HSDS: service, phone, schedule, location and so on.")
    action: str = strawberry.field(description="update or delete.")
    field: str = strawberry.field(description="Its field; empty: the row was deleted.")
    before: str = strawberry.field(description="What it said before; of a deletion the row as JSON.")
    after: str = strawberry.field(description="What it says since.")
    purge: HistoryPurge | None = strawberry.field(description="What was asked, or done, to forget what it said.")


def _chosen(source: Any, _context: Any, _arguments: dict[str, Any]) -> bool:
    return source.chosen_at is not None


def _chosen_field(root: Any) -> bool:
    return _chosen(root, None, {})


@strawberry.type(description="A word of an import's vocabulary, and the need of the duty map it means.")
@describes(Term, public=ALL)
class VocabularyTerm(Node):
    """A word."""

    source: str = strawberry.field(description="Whose word it is: the source of the import.")
    taxonomy: str = strawberry.field(description="Its vocabulary, as the source calls it.")
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="The word.")
    need: str | None = strawberry.field(description="Code of the need it means; null: nobody has said, or none.")
    services: int = strawberry.field(description="How many services use it.")
    chosen = pure(_chosen, _chosen_field, "Whether a person has said what it means; no import changes that.")
    duty_map: str = strawberry.field(description="Version of the duty map that was chosen from; else empty.")
    chosen_at: datetime | None = strawberry.field(description="When a person said so.")
    following: int = strawberry.field(description="How many services have to follow what was said.")
    refreshed: int = strawberry.field(description="How many of them are found by it already.")
    finished_at: datetime | None = strawberry.field(description="When all were; null: not yet, or nothing was said.")

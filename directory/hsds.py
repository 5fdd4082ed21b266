"""The files of an HSDS package (1.1 to 3.1): what each is called, and what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .cells import access_code as access_code
from .cells import language_code as language_code
from .entities import AREA as AREA
from .entities import ENTITIES as ENTITIES
from .shapes import Column as Column
from .shapes import Entity as Entity
from .shapes import Relation as Relation


@dataclass(frozen=True, slots=True)
class Kind:
    """What a file holds: the entity, a prefix that keeps ids of two files of one entity apart, values by default."""

    entity: str
    prefix: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)


_PLURALS = {
    "address": "addresses", "accessibility": "accessibility", "service_capacity": "service_capacities",
    "service_at_location": "service_at_locations", "eligibility": "eligibilities", "taxonomy": "taxonomies",
    "source_metadata": "metadata",
}  # fmt: skip
_KEPT = ("payment_accepted", "payments_accepted", "holiday_schedule", "holiday_schedules")


def plural(table: str) -> str:
    """The name of a table's file in HSDS 3, without its suffix."""
    return _PLURALS.get(table, f"{table}s")


FILES: MappingProxyType[str, Kind] = MappingProxyType(
    {
        "area": Kind("area"), "areas": Kind("area"),
        **{name: Kind(table) for table in ENTITIES for name in (table, plural(table))},
        # HSDS 1 and 2
        "services_at_location": Kind("service_at_location"),
        "physical_address": Kind("address"), "physical_addresses": Kind("address"),
        "postal_address": Kind("address", "postal:", {"address_type": "postal"}),
        "postal_addresses": Kind("address", "postal:", {"address_type": "postal"}),
        "accessibility_for_disabilities": Kind("accessibility"),
        "regular_schedule": Kind("schedule"), "regular_schedules": Kind("schedule"),
        "taxonomy": Kind("taxonomy_term"), "taxonomies": Kind("taxonomy_term"),
        "service_taxonomy": Kind("attribute"), "services_taxonomy": Kind("attribute"),
        "service_attribute": Kind("attribute"), "service_attributes": Kind("attribute"),
        "other_attribute": Kind("attribute", "other:"), "other_attributes": Kind("attribute", "other:"),
        **{name: Kind("kept_row") for name in _KEPT},
    }
)  # fmt: skip
"""File or resource name -> what it holds."""

ORDER = ("area", *ENTITIES, "kept_row")


def kinds(names: Mapping[str, str]) -> dict[str, Kind | None]:
    """Path -> what the file holds, given path -> name. With HSDS 3 terms beside it, `taxonomy` lists vocabularies."""
    found = {path: FILES.get(name.lower().removesuffix(".csv")) for path, name in names.items()}
    terms = {path for path, name in names.items() if name.lower().startswith("taxonomy_term")}
    for path, name in names.items():
        if terms and name.lower() in {"taxonomy", "taxonomies"}:
            found[path] = Kind("taxonomy")
    return found

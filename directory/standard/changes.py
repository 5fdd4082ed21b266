"""Which services changed since a moment, and when one last did: by what was added, changed, removed or moved of them.

What counts is what an answer shows: the service, its agency and program, its details, the places it is given at, and
what is said of those; vocabularies are asked for by themselves. Of what is there its row says when it came in and the
history when it changed; of what is gone or was given to another the history says whose it was (`owners`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from directory.sql import Fragment, joined, listed, name, sql

OWNERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "language": ("service", "location", "phone"),
        "phone": ("service", "organization", "location", "contact", "service_at_location"),
        "contact": ("service", "organization", "location", "service_at_location"),
        "schedule": ("service", "location", "service_at_location"),
        "service_area": ("service", "service_at_location"),
        "address": ("location",),
        "accessibility": ("location",),
        "eligibility": ("service",),
        "cost_option": ("service",),
        "required_document": ("service",),
        "funding": ("service", "organization"),
        "organization_identifier": ("organization",),
        "organization": (),
        "program": (),
        "location": (),
        "service_at_location": ("service",),
        "service": (),
    }
)
"""Table -> what its rows belong to and change with them; each comes before its owners. Attributes belong to any."""
SHOWN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"service_at_location": ("location",), "service": ("organization", "program")}
)
"""Table -> what its rows show of others, and so change with."""


def _key(table: str) -> Fragment:
    return name(f"{table}_id")


def _hit(table: str) -> Fragment:
    """The rows of a table that changed, themselves or by what belongs to them or is shown of them."""
    below = [
        sql("UNION ALL SELECT c.{key} FROM {child}_ c", key=_key(table), child=name(child))
        for child in ("attribute", *OWNERS)
        if table in OWNERS.get(child, ("service",))
    ]
    wheres = [
        sql("t.added >= :modified"),
        sql("t.id IN (SELECT id FROM said {below})", below=joined(" ", below)),
        *(
            sql("t.{key} IN (SELECT id FROM {shown}_)", key=_key(shown), shown=name(shown))
            for shown in SHOWN.get(table, ())
        ),
        *([sql("t.last_modified >= :modified")] if table == "service" else []),
    ]
    rows = [
        sql("SELECT {columns} FROM {table} t WHERE {where}", columns=_columns(table), table=name(table), where=where)
        for where in wheres
    ]
    return sql("{table}_ AS ({rows})", table=name(table), rows=joined(" UNION ALL ", rows))


def _columns(table: str) -> Fragment:
    return listed(["id", *(f"{owner}_id" for owner in OWNERS[table])], "t.{name}")


CHANGED = sql(
    "WITH touched AS MATERIALIZED (SELECT resource_id AS id FROM metadata WHERE last_action_date >= :modified "
    "UNION SELECT unnest(owners) FROM metadata WHERE owners <> '{{}}' AND last_action_date >= :modified), "
    "attribute_ AS MATERIALIZED (SELECT service_id, link_id FROM attribute WHERE added >= :modified "
    "UNION ALL SELECT t.service_id, t.link_id FROM attribute t WHERE t.id IN (SELECT id FROM touched)), "
    "said AS MATERIALIZED (SELECT id FROM touched UNION SELECT link_id FROM attribute_), "
    "{hits} SELECT id FROM service_",
    hits=joined(", ", map(_hit, OWNERS)),
)
"""SQL of the ids of the services that changed at `:modified` or later."""


# Arrays, so that each table is looked up by its index for one service, also where nothing is known of its size yet.
def _belongs(owner: str) -> Fragment:
    """What a row of the service `@`, or of what belongs to it, has in the column of its owner."""
    if owner == "service":
        return sql("= @.id")
    if owner in SHOWN["service"]:
        return sql("= @.{key}", key=_key(owner))
    return sql("= ANY(ARRAY(SELECT id FROM {owner}_))", owner=name(owner))


def _own(table: str) -> Fragment:
    """The rows of a table that belong to the service `@` or are shown of it."""
    columns = sql("t.id, t.added, t.location_id") if table == "service_at_location" else sql("t.id, t.added")
    if table in SHOWN["service"]:
        wheres = [sql("t.id {is_one}", is_one=_belongs(table))]
    elif table in SHOWN["service_at_location"]:
        wheres = [sql("t.id = ANY(ARRAY(SELECT location_id FROM service_at_location_))")]
    else:
        wheres = [sql("t.{key} {is_one}", key=_key(owner), is_one=_belongs(owner)) for owner in OWNERS[table]]
    rows = [
        sql("SELECT {columns} FROM {table} t WHERE {where}", columns=columns, table=name(table), where=where)
        for where in wheres
    ]
    return sql("{table}_ AS ({rows})", table=name(table), rows=joined(" UNION ALL ", rows))


_PARTS = [table for table in reversed(list(OWNERS)) if table != "service"]
MOMENT = sql(
    "greatest(@.last_modified, (WITH {own}, "
    "part AS (SELECT @.id AS id, @.added AS added {parts}), "
    "known AS (SELECT id, added FROM part UNION ALL SELECT t.id, t.added FROM attribute t WHERE t.service_id = @.id "
    "UNION ALL SELECT t.id, t.added FROM attribute t WHERE t.link_id = ANY(ARRAY(SELECT id FROM part))) "
    "SELECT greatest((SELECT max(added) FROM known), (SELECT max(m.last_action_date) FROM metadata m "
    "WHERE m.resource_id = ANY(ARRAY(SELECT id FROM known))), (SELECT max(m.last_action_date) FROM metadata m "
    "WHERE m.owners <> '{{}}' AND m.owners && ARRAY(SELECT id FROM part)))))",
    own=joined(", ", map(_own, _PARTS)),
    parts=joined(" ", [sql("UNION ALL SELECT id, added FROM {table}_", table=name(table)) for table in _PARTS]),
)
"""SQL of the moment a service `@` last changed: what its source said of that, or what is known here."""

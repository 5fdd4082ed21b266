"""Writing the rows that search reads: facts gathered from the entities a batch at a time, made tokens, upserted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from .facts import BUCKET, RUNS, Facts, acts, costs, nationalities
from .facts import COVERS as COVERS
from .facts import WITHIN as WITHIN
from .packing import inner, pack, several, unpacked
from .spelling import learn, stems
from .sql import joined, listed, literal, name, sql, statement
from .taxonomy import NEEDS
from .words import normal, words

_COLUMNS = {
    "service_id": "uuid", "organization_id": "uuid", "name": "text", "haystack": "text", "areas": "text[]",
    "latitude": "float8", "longitude": "float8", "closed": "boolean", "facets": "text[]", "hours": "int4multirange",
    "minimum_age": "smallint", "maximum_age": "smallint", "document": "tsvector",
}  # fmt: skip
_TRAVELS = {"text[]": "text", "tsvector": "text"}
_READS = {
    "areas": several(sql("s.areas")),
    "facets": several(sql("s.facets")),
    "document": sql(
        "array_to_tsvector({said} || ARRAY[{runs}])",
        said=several(sql("s.document")),
        runs=joined(
            ", ",
            [
                sql("{bucket} || s.place / {size}", bucket=literal(f"{BUCKET}{level}:"), size=size)
                for level, size in enumerate(RUNS)
            ],
        ),
    ),
}
# A service keeps its place; a new one takes the next.
_UPSERT = statement(
    "WITH s AS MATERIALIZED (SELECT s.*, COALESCE((SELECT p.place FROM service_search p "
    "WHERE p.service_id = s.service_id), nextval(pg_get_serial_sequence('service_search', 'place'))) AS place "
    "FROM {given} WHERE s.service_id IS NOT NULL) INSERT INTO service_search ({columns}, place) "
    "SELECT {read}, s.place FROM s ON CONFLICT (service_id) DO UPDATE SET {sets}",
    given=unpacked((c, _TRAVELS.get(type_, type_)) for c, type_ in _COLUMNS.items()),
    columns=listed(_COLUMNS),
    read=joined(", ", [_READS.get(c, sql("s.{column}", column=name(c))) for c in _COLUMNS]),
    sets=listed([c for c in _COLUMNS if c != "service_id"], "{name} = excluded.{name}"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What gathered rows say, before their words have stems."""

    rows: Sequence[Any]
    facts: Sequence[Facts]
    words: set[str]


@dataclass(frozen=True, slots=True)
class Made:
    """Search rows ready to be written, column by column, and the words they hold."""

    columns: Mapping[str, str]
    words: set[str]


async def write_search(session: AsyncSession, gathered: Sequence[Any]) -> None:
    """Rewrite the search rows of these services, and learn their words."""
    if gathered:
        said = told(gathered)
        await put(session, made(said, await stems(session, said.words)))


def told(gathered: Sequence[Any]) -> Told:
    """The facts and words of gathered rows; pure, as `made` is, so that a thread may do it."""
    facts = [_facts(row) for row in gathered]
    return Told(gathered, facts, set[str]().union(*(words(one.haystack) for one in facts)))


async def put(session: AsyncSession, rows: Made) -> None:
    """Write search rows. Their words come last, new ones alone: who adds the same one waits for this transaction."""
    await session.execute(_UPSERT, rows.columns)
    if rows.words:
        await learn(session, rows.words)


def _facts(row: Any) -> Facts:
    needs = row.needs or []
    titles = [row.name, *row.name_i18n.values(), row.alternate_name, row.owner, *row.owner_i18n.values()]
    title = normal(" / ".join(dict.fromkeys(titles)))
    said = [row.description, row.eligibility_description, *(row.terms or [])]
    named = [name for need in needs for name in NEEDS[need].names.values()]
    whom = " / ".join([row.name, *row.name_i18n.values(), *said])
    prices = costs(f"{row.fees_description} / {row.prices or ''}", row.amounts or ())
    latitude, longitude = row.latitude, row.longitude
    if latitude is None:
        latitude, longitude = row.middle_latitude, row.middle_longitude
    return Facts(
        row.id, title, normal(" / ".join([title, row.owner_other, *said, *named])),
        row.standing != "active" or row.status != "active",
        needs, row.areas or [], row.wide or [], row.network, latitude, longitude, row.languages or [],
        row.accessibility or [], row.genders, prices, acts(whom),
        nationalities(row.eligibility_description + " / " + " / ".join(row.terms or [])),
    )  # fmt: skip


def made(said: Told, known: Mapping[str, str]) -> Made:
    """The search rows of what was told, with the stems `known` of their words."""
    columns: dict[str, list[object]] = {column: [] for column in _COLUMNS}
    for row, facts in zip(said.rows, said.facts, strict=True):
        one = (
            facts.id, row.organization_id, facts.title, facts.haystack, inner(facts.areas), facts.latitude,
            facts.longitude, facts.closed, inner(facts.facets()), row.hours, row.minimum_age, row.maximum_age,
            inner(facts.document(known)),
        )  # fmt: skip
        for column, value in zip(columns.values(), one, strict=True):
            column.append(value)
    return Made({f"c_{column}": pack(values) for column, values in columns.items()}, said.words)

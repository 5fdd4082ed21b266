"""What of a source is here still though it is in its package no more: found, spared or deleted, one statement each."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import TextClause

from .hsds import ENTITIES
from .sql import Fragment, joined, name, sql
from .sql import statement as made


@lru_cache
def there(table: str) -> TextClause:
    """Which of these ids of a source have a row."""
    return made(
        "SELECT o.source_id FROM {table} o WHERE o.source = :source AND o.source_id = ANY(CAST(:ids AS text[]))",
        table=name(table),
    )


@lru_cache
def spare(table: str) -> TextClause:
    """Rows of these ids of a source count as seen, though what was said of them could not be taken; answers the ids."""
    return made(
        "UPDATE {table} t SET seen = CAST(:seen AS uuid) WHERE t.source = :source "
        "AND t.source_id = ANY(CAST(:ids AS text[])) RETURNING t.source_id",
        table=name(table),
    )


def _gone(table: str) -> Fragment:
    """Which rows `t` of :source import :seen did not see although it saw what they belong to."""
    owners = [
        sql(
            "EXISTS (SELECT FROM {owner} o WHERE o.id = t.{column} AND o.seen = :seen)",
            owner=name(r.table),
            column=name(r.column),
        )
        for r in ENTITIES[table].relations
        if not r.by and r.table != table
    ]
    if table in {"organization", "service", "location", "taxonomy_term"}:  # much hangs on these
        owners = [sql("false")]
    return sql(
        "t.source = :source AND t.seen IS DISTINCT FROM :seen AND t.by_hand = '{{}}' AND ({owners}){derived}",
        owners=joined(" OR ", owners),
        derived=sql(" AND NOT t.derived") if table == "service_area" else sql(""),
    )


@lru_cache
def forget(table: str) -> TextClause:
    """Delete the rows of :source that are in import :seen no more; answers how many."""
    return made(
        "WITH gone AS (DELETE FROM {table} t WHERE {gone} RETURNING t.id) SELECT count(*) FROM gone",
        table=name(table),
        gone=_gone(table),
    )


@lru_cache
def gone(table: str) -> TextClause:
    """How many rows `forget` would delete."""
    return made("SELECT count(*) FROM {table} t WHERE {gone}", table=name(table), gone=_gone(table))

"""Reading entries back, for whoever oversees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hub.base.db import Session

_ENTRIES = text(
    """
    select id, at, actor_id, agency_id, action, subject, case_ids,
      action = 'disclose' and not exists (
        select from jsonb_array_elements(body -> 'shown') as g, jsonb_each(g -> 'categories') as c
        where not c.value ? 'P14') as own_report
    from audit_entry
    where (cast(:before as bigint) is null or id < :before)
      and (cast(:action as text) is null or action = :action)
      and (cast(:case as uuid) is null or case_ids @> array[cast(:case as uuid)])
    order by id desc limit :most
    """
)


async def entries(
    session: Session, most: int, before: int | None = None, action: str | None = None, case_id: UUID | None = None
) -> Sequence[Any]:
    """Entries newest first, older than `before`, of one action or one case if named. No bodies: they stay with ids.

    `own_report`: a disclosure of nothing but what a reporter may see of their own report (P14).
    """
    asked = {"most": most, "before": before, "action": action, "case": case_id}
    return (await session.execute(_ENTRIES, asked)).all()

"""How soon each agency answers referrals: told to the directory, which ranks by it and knows nothing else of them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from directory.pace import Pace, keep
from hub.audit.ledger import moment
from hub.base.db import Session
from hub.identity.lookups import AGENCY_ORGANIZATIONS

PERIOD = timedelta(days=180)
"""Referrals sent longer ago say nothing of an agency's pace now."""

_COUNT = text(f"""
SELECT a.organization_id, CAST(count(*) AS integer),
  CAST(percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM
    COALESCE(r.answered_at, CAST(:now AS timestamptz)) - r.sent_at) / 60) AS integer)
FROM referral r JOIN ({AGENCY_ORGANIZATIONS}) a ON a.id = r.to_agency_id
WHERE r.sent_at > :since AND a.organization_id IS NOT NULL AND r.state <> 'cancelled'
  AND (r.answered_at IS NOT NULL OR r.due_at < :now)
GROUP BY a.organization_id
""")  # noqa: S608 - constants alone


async def keep_pace(session: Session) -> None:
    """Count anew, over `PERIOD`: an overdue referral that nobody answered has so far taken as long as it waits."""
    now = moment(session)
    found = (await session.execute(_COUNT, {"now": now, "since": now - PERIOD})).all()
    await keep(session, [Pace(*row) for row in found], now)

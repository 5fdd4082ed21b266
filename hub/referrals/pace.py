"""How soon each agency answers referrals: told to the directory, which ranks by it and knows nothing else of them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from hub.audit.ledger import moment
from hub.base.db import Session

PERIOD = timedelta(days=180)
"""Referrals sent longer ago say nothing of an agency's pace now."""

_KEEP = text("""
INSERT INTO organization_pace AS p (organization_id, answered, median_minutes, updated)
SELECT a.organization_id, count(*),
  CAST(percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM
    COALESCE(r.answered_at, CAST(:now AS timestamptz)) - r.sent_at) / 60) AS integer), :now
FROM referral r JOIN agency a ON a.id = r.to_agency_id
WHERE r.sent_at > :since AND a.organization_id IS NOT NULL AND r.state <> 'cancelled'
  AND (r.answered_at IS NOT NULL OR r.due_at < :now)
GROUP BY a.organization_id
ON CONFLICT (organization_id) DO UPDATE
SET answered = excluded.answered, median_minutes = excluded.median_minutes, updated = excluded.updated
""")
_FORGET = text(
    "UPDATE organization_pace SET answered = 0, median_minutes = NULL, updated = :now "
    "WHERE answered > 0 AND updated < :now"
)


async def keep_pace(session: Session) -> None:
    """Count anew, over `PERIOD`: an overdue referral that nobody answered has so far taken as long as it waits."""
    now = moment(session)
    await session.execute(_KEEP, {"now": now, "since": now - PERIOD})
    await session.execute(_FORGET, {"now": now})

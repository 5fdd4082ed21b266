"""How many people's needs went unmet, by area and need: counts alone, in bands, never of fewer than five.

Nobody is told whether a count is zero or four, whoever they are, and counts are said in steps of five over whole
months that have ended. What is said of an area is the sum of what is said of its parts, so that no difference of an
area and its parts, of two areas nor of two days tells of fewer than five (law.md 5, statistics).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from hub.base.db import Session

from .rules import Reason

STEP = 5
"""Fewer than this are never told from none; more are said in steps of it."""
NOT_MET = (Reason.NO_CAPACITY, Reason.OUTSIDE_AREA, Reason.NOT_ELIGIBLE, Reason.NOT_OUR_DUTY)
"""Reasons that lie with what is offered, not with the person or the case."""

# One person counts once however many agencies declined and in one area, and in those around it; not at all once helped.
_UNMET = text(
    """
    with recursive unmet as (
      select distinct r.case_id, r.need, r.area from referral r
      where (r.state in ('rejected', 'returned') and r.reason = any(cast(:reasons as text[]))
             and r.answered_at >= :since and r.answered_at < :until
             or r.state = 'requested' and r.due_at >= :since and r.due_at < :until)
        and not exists (select from referral m where m.case_id = r.case_id and m.need = r.need
                        and m.state in ('accepted', 'completed'))),
    person as (select case_id, need, min(area) as area from unmet group by 1, 2),
    said as (select area, need, count(*) / :step * :step as least from person group by 1, 2 having count(*) >= :step),
    up(code, above) as (
      select area, area from said union select up.code, a.parent from up join area a on a.code = up.above
      where a.parent is not null)
    select up.above, s.need, cast(sum(s.least) as integer) from said s join up on up.code = s.area group by 1, 2
    """
)
_PARTS = text(
    """
    with recursive up(above) as (
      select code from area union all select a.parent from up join area a on a.code = up.above
      where a.parent is not null)
    select above, count(*) from up group by 1
    """
)


async def unmet(session: Session, since: datetime, until: datetime) -> dict[tuple[str, str], int]:
    """(area, need) -> at least so many people whose need nobody met, from `since` until before `until`.

    What is not there is fewer than STEP in each of its parts, or none. No permission is asked here: the caller's part.
    """
    given = {"reasons": [str(reason) for reason in NOT_MET], "since": since, "until": until, "step": STEP}
    return {(row[0], row[1]): row[2] for row in (await session.execute(_UNMET, given)).all()}


async def parts(session: Session) -> dict[str, int]:
    """How many areas each area is made of, itself among them: in each, fewer than STEP people may be left unsaid."""
    return {row[0]: row[1] for row in (await session.execute(_PARTS)).all()}

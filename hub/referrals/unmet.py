"""How many people's needs went unmet, by area and need: counts alone, in bands, never of fewer than five.

Nobody is told whether a count is zero or four, whoever they are, and counts are said in steps of five over whole
months that have ended: neither a difference of two areas nor of two days tells of one person (law.md 5, statistics).
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

# One person counts once however many agencies declined, in every area around theirs, and not at all once helped.
_UNMET = text(
    """
    with recursive unmet as (
      select distinct r.case_id, r.need, r.area from referral r
      where (r.state in ('rejected', 'returned') and r.reason = any(cast(:reasons as text[]))
             and r.answered_at >= :since and r.answered_at < :until
             or r.state = 'requested' and r.due_at >= :since and r.due_at < :until)
        and not exists (select from referral m where m.case_id = r.case_id and m.need = r.need
                        and m.state in ('accepted', 'completed'))),
    up(code, above) as (
      select code, code from area union select up.code, a.parent from up join area a on a.code = up.above
      where a.parent is not null)
    select up.above, u.need, cast(count(distinct u.case_id) / :step * :step as integer)
    from unmet u join up on up.code = u.area group by 1, 2 having count(distinct u.case_id) >= :step
    """
)


async def unmet(session: Session, since: datetime, until: datetime) -> dict[tuple[str, str], int]:
    """(area, need) -> at least so many people whose need nobody met, from `since` until before `until`.

    What is not there is fewer than STEP, or none. No permission is asked here: the caller's part.
    """
    given = {"reasons": [str(reason) for reason in NOT_MET], "since": since, "until": until, "step": STEP}
    return {(row[0], row[1]): row[2] for row in (await session.execute(_UNMET, given)).all()}

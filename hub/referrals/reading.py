"""The statements referrals are read with: what is selected and nothing else, each turned once for the driver."""

from __future__ import annotations

from functools import lru_cache

from directory.hot import Hot
from directory.sql import Fragment, sql
from hub.cases.briefs import BRIEF, brief_columns
from hub.consent import standing
from hub.identity.lookups import AGENCY_NAMES

_COLUMNS = sql("""
    r.id, r.case_id, r.need, r.area, r.urgency, r.state, r.reason, r.sent_at, r.due_at, r.answered_at,
    r.outcome, r.version, r.to_agency_id, r.from_agency_id, r.service_id,
    f.code as from_code, f.name as from_name, f.names::text as from_names, f.network as from_network,
    t.code as to_code, t.name as to_name, t.names::text as to_names, t.network as to_network,
    s.name as service_name, s.name_i18n::text as service_names,""")
_FROM = sql(
    """
    from referral r
    join ({agencies}) f on f.id = r.from_agency_id
    join ({agencies}) t on t.id = r.to_agency_id
    join service s on s.id = r.service_id
    join case_file c on c.id = r.case_id
    """,
    agencies=AGENCY_NAMES,
)


def _select(case: frozenset[str] = BRIEF, *, told: bool = True, counted: bool = False) -> Fragment:
    """What is read of a referral. Names come as text: a page names a dozen agencies and services, each is read once."""
    return sql(
        "select {count} {columns} {brief}{told} {tables}",
        count=sql("({count}) as total,", count=_COUNT) if counted else sql(""),
        columns=_COLUMNS,
        brief=brief_columns(case),
        told=sql(", r.summary, r.report, c.data_key") if told else sql(""),
        tables=_FROM,
    )


_COUNT = sql(
    """
    select count(*) from (select from referral r where to_agency_id = :agency and state in ('requested', 'accepted')
      and r.case_id not in {conflicted} limit 1001) counted
""",
    conflicted=standing.CONFLICTED,
)
INBOX_COUNT = Hot(_COUNT)


@lru_cache(maxsize=64)
def inbox_page(case: frozenset[str], told: bool, count: bool) -> Hot:
    """The statement of a page. The count comes with it: evaluated once, however many rows there are."""
    return Hot(
        sql(
            """
    {select}
    where r.to_agency_id = :agency and r.state in ('requested', 'accepted')
      and (r.due_at, r.id) > (:due, :after) and r.case_id not in {conflicted}
    order by r.due_at, r.id limit :most
    """,
            select=_select(case, told=told, counted=count),
            conflicted=standing.CONFLICTED,
        )
    )


SENT = Hot(
    sql(
        """
    {select} where r.sent_by = :staff and r.state in ('requested', 'rejected', 'returned')
    order by r.state = 'requested', r.due_at, r.id limit :most
    """,
        select=_select(),
    )
)
OF_CASE = Hot(
    sql(
        """
    {select} where r.case_id = :case and (cast(:to as uuid) is null or r.to_agency_id = :to)
    order by r.sent_at desc, r.id
    """,
        select=_select(),
    )
)
"""`:to`: the one agency whose referrals may be told, to whoever may not know of the case."""
ONE = Hot(sql("{select} where r.id = :id", select=_select()))
STANDS = Hot(
    sql("""
    select coalesce(r.case_id, x.id) as case_id, r.to_agency_id, r.state
    from (select cast(:id as uuid) as id) x left join referral r on r.id = x.id
    """)
)
"""What decides whether anything of a referral is read. One row always: what is hidden must not take longer than what
is absent."""

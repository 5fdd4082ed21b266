"""One referral's row as somebody may see it: every field through their sight, what stays sealed sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.base.db import Session
from hub.base.records import record
from hub.base.vault import Vault
from hub.cases.briefs import BEYOND
from hub.cases.views import ALL as WHOLE
from hub.cases.views import CaseView, WithheldView, withheld
from hub.identity.lookups import AgencyBrief
from hub.policy.decide import Disclosed, Sight
from hub.policy.terms import Category, Obligation
from scheduling.clocks import Urgency

from .rules import Outcome, Reason, ReferralState


@dataclass(frozen=True, slots=True)
class ServiceBrief:
    """A directory service by name; the directory is public to whoever is signed in."""

    id: UUID
    name: str
    names: dict[str, str]


@record
class ReferralView:
    """A referral as this actor may see it."""

    id: UUID
    version: int
    need: Disclosed[str] | None
    area: Disclosed[str] | None
    urgency: Disclosed[Urgency] | None
    state: Disclosed[ReferralState] | None
    reason: Disclosed[Reason] | None
    sent_at: Disclosed[datetime] | None
    due_at: Disclosed[datetime] | None
    answered_at: Disclosed[datetime] | None
    outcome: Disclosed[Outcome] | None
    summary: Disclosed[str] | None
    report: Disclosed[str] | None
    from_agency: AgencyBrief
    to_agency: AgencyBrief
    service: ServiceBrief
    case: CaseView | None
    withheld: tuple[WithheldView, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields asked of a referral and of its case: what nobody asked for stays sealed and out of the ledger."""

    fields: frozenset[str]
    case: frozenset[str]

    @property
    def told(self) -> bool:
        """Whether anything is asked that is sealed with the referral."""
        return not self.fields.isdisjoint({"summary", "report"})

    @property
    def beyond(self) -> bool:
        """Whether more of the case is asked than its heading (parties, risks): it is read itself."""
        return not self.case.isdisjoint(BEYOND)


ALL = Asked(frozenset({"summary", "report", "withheld"}), WHOLE)

_URGENCIES = {urgency.value: urgency for urgency in Urgency}
_STATES = {state.value: state for state in ReferralState}


def shown(
    session: Session,
    row: Any,
    sight: Sight,
    case: CaseView | None,
    named: Named,
    asked: Asked,
) -> ReferralView:
    """The view of a row, as far as it is asked for."""
    reason, outcome, summary, report = row["reason"], row["outcome"], None, None
    if asked.told:
        summary, report = _told(session, row, sight, asked.fields)
    need, area, urgency, state, why, sent_at, due_at, answered_at, came = sight.shows(
        Category.EXISTENCE,
        row["need"],
        row["area"],
        _URGENCIES[row["urgency"]],
        _STATES[row["state"]],
        reason and Reason(reason),
        row["sent_at"],
        row["due_at"],
        row["answered_at"],
        outcome and Outcome(outcome),
    )
    return ReferralView(
        row["id"],
        row["version"],
        need,
        area,
        urgency,
        state,
        why,
        sent_at,
        due_at,
        answered_at,
        came,
        summary,
        report,
        named.agency(row, "from"),
        named.agency(row, "to"),
        named.service(row),
        case,
        withheld(sight) if "withheld" in asked.fields else (),
    )


def _told(
    session: Session, row: Any, sight: Sight, fields: frozenset[str]
) -> tuple[Disclosed[str] | None, Disclosed[str] | None]:
    """Summary and report as far as they are asked for and may be read; what may not stays sealed."""
    c, vault, summary, report = Category.CASE_FACTS, None, None, None
    if sight.may(c) and Obligation.MASK_UNTIL_ACCEPTED not in sight.form(c):
        vault = Vault(session, row["case_id"], row["data_key"])
    if vault and "summary" in fields:
        summary = vault.unlock(f"referral:{row['id']}", row["summary"])
    if vault and "report" in fields and row["report"]:
        report = vault.unlock(f"report-back:{row['id']}", row["report"])
    return sight.show(c, summary), sight.show(c, report)


class Named:
    """The agencies and services of one page: each is made once, however many rows name it."""

    def __init__(self) -> None:
        self._agencies: dict[UUID, AgencyBrief] = {}
        self._services: dict[UUID, ServiceBrief] = {}

    def agency(self, row: Any, which: str) -> AgencyBrief:
        """The agency a row is `from` or `to`."""
        key = row[f"{which}_agency_id"]
        found = self._agencies.get(key)
        if found is None:
            code, name, names, network = (row[f"{which}_{part}"] for part in ("code", "name", "names", "network"))
            found = self._agencies[key] = AgencyBrief(key, code, name, _names(names), network)
        return found

    def service(self, row: Any) -> ServiceBrief:
        """The service a row asks for."""
        key = row["service_id"]
        found = self._services.get(key)
        if found is None:
            found = ServiceBrief(key, row["service_name"], _names(row["service_names"]))
            self._services[key] = found
        return found


def _names(given: str | dict[str, str]) -> dict[str, str]:
    """Names by language, as a page's text or as a statement of one row brings them."""
    names: dict[str, str] = orjson.loads(given) if isinstance(given, str) else given
    return names

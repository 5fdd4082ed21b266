"""Codes of data as the reader calls them: needs, networks, places, languages, acts, clocks, bases, audited actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel import Locale
from starlette.requests import Request

from directory.taxonomy import NEEDS, NETWORKS
from hub.base.texts import catalogue, mark
from scheduling.clocks import CLOCKS

from .inputs import Data, area_names
from .pages import language

ACTS = {
    "DVPA": mark("Domestic Violence Prevention Act"),
    "SHPA": mark("Stalking and Harassment Prevention Act"),
}
REPORT_STATES = {
    "received": mark("Received, waiting for the centre"),
    "opened": mark("A case has been opened"),
    "closed": mark("Closed"),
}
WITHHELD = {
    "no_consent_or_article": mark("No consent and no article opens it to you."),
    "ask_coordinator_for_consent": mark("Ask the coordinator who sent this to seek the person's consent."),
    "closed_to_oversight": mark("Oversight sees cases without persons, places and what happened."),
    "cannot_be_asked_for": mark("No consent opens it."),
}
SIGNED = mark("Sign language")
"""Sign languages together (ISO 639-5 `sgn`), which the language names of browsers do not know."""
UNITS = {"place": mark("places"), "bed": mark("beds"), "hour": mark("hours")}
OPERATIONS = {
    "Case": mark("Case page"),
    "CaseReferrals": mark("Referrals of a case"),
    "CallMeeting": mark("Calling a meeting"),
    "ComingConferences": mark("List of meetings"),
    "Conference": mark("Meeting pack"),
    "AnswerInvitation": mark("Answering an invitation"),
    "AnswerReferral": mark("Answering a referral"),
    "CancelMeeting": mark("Cancelling a meeting"),
    "CompleteAction": mark("Completing an action"),
    "Consents": mark("Consents of a case"),
    "Inbox": mark("Inbox"),
    "MyActions": mark("List of actions"),
    "MyCases": mark("List of cases"),
    "MyReports": mark("List of reports"),
    "Node": mark("A record by its id"),
    "OpenCase": mark("Opening a case"),
    "FileReport": mark("Filing a report"),
    "RecordConsent": mark("Recording a consent"),
    "RecordMinutes": mark("Recording minutes"),
    "RecordRisk": mark("Recording a risk"),
    "Referral": mark("Referral page"),
    "Report": mark("Report page"),
    "ReportBack": mark("Reporting back"),
    "SendReferral": mark("Sending a referral"),
    "SentReferrals": mark("List of sent referrals"),
    "SupplementReport": mark("Taking in a written form"),
    "UnwrittenReports": mark("List of oral reports"),
    "WaitingReports": mark("List of waiting reports"),
    "WhoSawWhat": mark("Who saw what"),
    "WithdrawConsent": mark("Withdrawing a consent"),
}
"""Named operations through which something was shown (graphql/operations)."""
BASES = {
    "P1": mark("Work on the case"),
    "P2": mark("Same centre"),
    "P3": mark("Consent"),
    "P4": mark("Referral"),
    "P5": mark("High-risk meeting"),
    "P6": mark("Protection order"),
    "P7": mark("Emergency access"),
    "P8": mark("Approved application"),
    "P9": mark("Offender treatment"),
    "P10": mark("Release notice"),
    "P11": mark("Police report"),
    "P12": mark("Oversight"),
    "P13": mark("Statistics"),
    "P14": mark("Own report"),
    "P15": mark("The victim's account of disclosures"),
    "P16": mark("Intake of the report"),
}
"""Rows of the disclosure table (docs/policy.md), short."""
ACTIONS = {
    "action.complete": mark("Action completed"),
    "agency.add": mark("Agency added"),
    "agency.change": mark("Agency changed"),
    "agency.reinstate": mark("Agency reinstated"),
    "agency.suspend": mark("Agency suspended"),
    "audit.read": mark("Audit read"),
    "audit.verify": mark("Chain verified"),
    "case.open": mark("Case opened"),
    "consent.record": mark("Consent recorded"),
    "consent.withdraw": mark("Consent withdrawn"),
    "coverage.unmet": mark("Unmet referrals counted"),
    "disclose": mark("Disclosed"),
    "export.ask": mark("File of the directory asked for"),
    "export.made": mark("File of the directory made"),
    "export.take": mark("File of the directory taken"),
    "identity.follow_claims": mark("Roles taken from the provider"),
    "import.confirm": mark("Package confirmed"),
    "import.discard": mark("Package let go"),
    "history.ask_purge": mark("Forgetting asked for"),
    "history.keep": mark("Nothing forgotten"),
    "history.purge": mark("A past forgotten"),
    "import.expire": mark("Package expired"),
    "import.failed": mark("Package failed"),
    "import.receive": mark("Package received"),
    "import.refused": mark("Package not usable"),
    "import.stage": mark("Package announced"),
    "import.stop": mark("Package stopped"),
    "import.tried": mark("Package tried"),
    "import.written": mark("Package written"),
    "inventory.confirm": mark("Sheet of answers written"),
    "inventory.upload": mark("Sheet of answers sent in"),
    "organization.change": mark("Agency's entry changed"),
    "round.begin": mark("Agencies asked"),
    "round.cancel": mark("Round called off"),
    "round.close": mark("Round closed"),
    "round.open": mark("Round planned"),
    "service.add": mark("Service added"),
    "service.change": mark("Service changed"),
    "service.close": mark("Service closed"),
    "term.map": mark("Word mapped"),
    "service.attest": mark("Services answered for"),
    "service.capacity": mark("Free places said"),
    "meeting.answer": mark("Invitation answered"),
    "meeting.call": mark("Meeting called"),
    "meeting.cancel": mark("Meeting cancelled"),
    "minutes.record": mark("Minutes recorded"),
    "population.set": mark("Population of areas set"),
    "referral.answer": mark("Referral answered"),
    "referral.report_back": mark("Reported back"),
    "referral.send": mark("Referral sent"),
    "report.file": mark("Report filed"),
    "report.supplement": mark("Written form of a report taken in"),
    "risk.record": mark("Risk recorded"),
    "session.begin": mark("Signed in"),
    "session.end": mark("Signed out"),
    "session.refuse": mark("Sign-in refused"),
    "staff.ask_role": mark("Role asked for"),
    "staff.add": mark("Account added"),
    "staff.declare_relation": mark("Relation declared"),
    "staff.grant_role": mark("Role granted"),
    "staff.install": mark("First administrator"),
    "staff.reinstate": mark("Account reinstated"),
    "staff.revoke_role": mark("Role revoked"),
    "staff.suspend": mark("Account suspended"),
    "weights.set": mark("Set the weights of the ranking"),
}
"""Actions of the audit."""

COLON = mark(": ")


def words(request: Request) -> dict[str, Any]:
    """Functions from a code to its name in the page's language, for templates. An unknown code is said as it is."""
    lang = language(request)
    texts = catalogue(lang)

    def of(table: Mapping[str, str]) -> Any:
        return lambda code: texts.gettext(table[code]) if code in table else code

    names = Locale.parse(lang.replace("-", "_")).languages
    return {
        "need": lambda code: NEEDS[code].names[lang] if code in NEEDS else code,
        "network": lambda code: NETWORKS[code].names[lang] if code in NETWORKS else code,
        "clock_name": lambda code: CLOCKS[code].title[lang] if code in CLOCKS else code,
        "spoken": lambda tag: (
            texts.gettext(SIGNED)
            if tag == "sgn"
            else names.get(tag.replace("-", "_")) or names.get(tag.split("-")[0]) or tag
        ),
        "act": of(ACTS),
        "report_state": of(REPORT_STATES),
        "withheld_word": of(WITHHELD),
        "unit_word": lambda unit: of(UNITS)(unit.lower().removesuffix("s")),
        "through": of(OPERATIONS),
        "basis": of(BASES),
        "done_what": of(ACTIONS),
    }


async def places(request: Request) -> dict[str, str]:
    """Every place by code: its name after that of the place it lies in."""
    areas = await area_names(request)
    return {
        code: " ".join(part["name"] for part in (areas.get(area["parent"]), area) if part)
        for code, area in areas.items()
    }


def labelled(request: Request, problem: Data | None, labels: Mapping[str, str]) -> Data | None:
    """The problem with each field's message after the field's label: a summary of bare "fill this in" helps nobody."""
    if problem is None:
        return None
    say = catalogue(language(request)).gettext
    colon = say(COLON)
    fields = [
        {**field, "message": say(labels[field["path"]]) + colon + field["message"]}
        if field["path"] in labels
        else field
        for field in problem.get("fields") or []
    ]
    return {**problem, "fields": fields}


def need_options(request: Request) -> list[dict[str, str]]:
    """The needs to choose from."""
    lang = language(request)
    return [{"value": need.code, "text": need.names[lang]} for need in NEEDS.values()]

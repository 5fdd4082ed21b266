"""THE DISCLOSURE TABLE: two ordered tables, forbids above permits, that a lawyer can read and sign (docs/policy.md)."""

from __future__ import annotations

from datetime import timedelta

from .consents import consent_covers
from .rows import Allow, Forbid
from .terms import Basis, Category, Obligation, Purpose, Role, Standing

C, O, P, R, S = Category, Obligation, Purpose, Role, Standing  # noqa: E741 - the tables below must stay readable

EVERYTHING = frozenset(C) - {C.STATISTICS}
IDENTITIES = frozenset(
    {
        C.VICTIM_IDENTITY,
        C.VICTIM_CONTACT,
        C.VICTIM_WHEREABOUTS,
        C.CHILD_IDENTITY,
        C.REPORTER_IDENTITY,
        C.OPPOSITE_IDENTITY,
    }
)
"""What names, reaches or locates a person (DVPA 5(7); SHPA 10)."""

VICTIM_SIDE = frozenset({C.VICTIM_CONTACT, C.VICTIM_WHEREABOUTS, C.CHILD_IDENTITY})
"""What must never reach the opposite party's side (DVPA 12, 55; SHPA 7, 12)."""

FORMS = frozenset({O.MASK_UNTIL_ACCEPTED, O.INITIALS, O.PSEUDONYM, O.OWN_PART})
"""Obligations about the form in which something is shown. They bind only if every matching permit asks for them;
all other obligations are duties, and the duties of all matching permits are united."""

PEOPLE = frozenset({R.COORDINATOR, R.INTAKE_OFFICER, R.AGENCY_WORKER, R.AGENCY_MANAGER})
AGENCY = frozenset({R.COORDINATOR, R.AGENCY_WORKER, R.AGENCY_MANAGER, R.MACHINE})
HELPING = frozenset({P.PROTECTION, P.TREATMENT, P.SCHOOLING, P.EMPLOYMENT, P.POLICING})
SHARING = HELPING | {P.ORDER_ENFORCEMENT, P.RISK_CONFERENCE}
ANYWHERE = frozenset(S)
GLASS_LASTS = timedelta(minutes=30)

FORBIDS: tuple[Forbid, ...] = (
    Forbid(
        "F1",
        "The account, its agency or its token is suspended or expired.",
        "-",
        frozenset(C),
        frozenset(P),
        lambda a, _c, _p, _f, now: (
            a.suspended or a.agency_suspended or (a.expires_at is not None and a.expires_at <= now)
        ),
    ),
    Forbid(
        "F2",
        "The actor is, lives with, or is declared close to the opposite party, or is a party to the case.",
        "SHPA 10; DVPA 50-1",
        frozenset(C),
        frozenset(P),
        lambda _a, _c, _p, f, _now: f.conflicted,
    ),
    Forbid(
        "F3",
        "The reporter's identity, to anyone but the intake officer of that report.",
        "DVPA 50 II",
        frozenset({C.REPORTER_IDENTITY}),
        frozenset(P),
        lambda a, _c, _p, f, _now: not (f.intake_of_report and a.has(R.INTAKE_OFFICER)),
    ),
    Forbid(
        "F4",
        "Any identity, contact or whereabouts for oversight or statistics.",
        "DVPA 5(7); SHPA 10",
        IDENTITIES,
        frozenset({P.OVERSIGHT, P.STATISTICS}),
        lambda _a, _c, _p, _f, _now: True,
    ),
    Forbid(
        "F5",
        "The victim side's contact, whereabouts and children in anything about offender treatment, or handed to the "
        "opposite party's side.",
        "DVPA 12, 55; SHPA 7, 12",
        VICTIM_SIDE,
        frozenset(P),
        lambda _a, _c, p, f, _now: f.about_offender_treatment or p is P.OFFENDER_TREATMENT,
    ),
)
"""F6 (void grants) is part of `consent_covers`; F7 (a shelter's address) is not a category: it is stored nowhere."""

PERMITS: tuple[Allow, ...] = (
    Allow(
        Basis.CASE_WORK,
        "Case work of the responsible centre: its assigned coordinator or deputy.",
        frozenset({R.COORDINATOR}),
        frozenset({S.ASSIGNED}),
        SHARING | {P.OFFENDER_TREATMENT},
        EVERYTHING,
        frozenset({O.LEDGER}),
        "DVPA 8; SHPA 2",
    ),
    Allow(
        Basis.SAME_CENTRE,
        "A coordinator of the same centre who is not assigned.",
        frozenset({R.COORDINATOR}),
        frozenset({S.SAME_CENTRE}),
        frozenset({P.PROTECTION}),
        frozenset({C.EXISTENCE, C.RISK_LEVEL}),
        frozenset({O.LEDGER}),
        "DVPA 8",
        lambda _a, _c, _p, f, _now: S.ASSIGNED not in f.standings,
    ),
    Allow(
        Basis.CONSENT,
        "A live consent that covers the category, the recipient and the purpose; written for health and criminal data.",
        AGENCY,
        frozenset({S.REFERRED_TO, S.INVITED}),
        SHARING,
        EVERYTHING - {C.REPORTER_IDENTITY, C.LEDGER},
        frozenset({O.LEDGER, O.PURPOSE_BOUND}),
        "the consent; PDPA 6, 7; DVPA 50-1",
        lambda a, c, p, f, now: any(consent_covers(x, a, c, p, now) for x in f.consents),
    ),
    Allow(
        Basis.REFERRAL,
        "A referral in force: that there is one, and a summary for its need, masked until accepted. Not for offender "
        "treatment (P9).",
        AGENCY,
        frozenset({S.REFERRED_TO}),
        HELPING,
        frozenset({C.EXISTENCE, C.CASE_FACTS}),
        frozenset({O.LEDGER, O.MASK_UNTIL_ACCEPTED}),
        "DVPA 8(1)(3)(5)(7)",
        lambda _a, _c, _p, f, _now: not f.referral_for_treatment,
        {C.CASE_FACTS: frozenset({O.OWN_PART})},
    ),
    Allow(
        Basis.REFERRAL,
        "The same once accepted: unmasked. The victim's contact only by P3.",
        AGENCY,
        frozenset({S.REFERRED_TO}),
        HELPING,
        frozenset({C.EXISTENCE, C.CASE_FACTS}),
        frozenset({O.LEDGER}),
        "DVPA 8(1)(3)(5)(7)",
        lambda _a, _c, _p, f, _now: not f.referral_for_treatment and f.referral_accepted,
        {C.CASE_FACTS: frozenset({O.OWN_PART})},
    ),
    Allow(
        Basis.CONFERENCE,
        "A risk conference, for cases listed at the threshold or by reasoned judgement, in the item's window.",
        AGENCY,
        frozenset({S.INVITED}),
        frozenset({P.RISK_CONFERENCE}),
        frozenset({C.EXISTENCE, C.RISK_LEVEL, C.CASE_FACTS, C.OPPOSITE_IDENTITY, C.JUSTICE, C.ACTIONS})
        | {C.MINUTES, C.VICTIM_IDENTITY},
        frozenset({O.LEDGER, O.WATERMARK, O.EXPIRES}),
        "DVPA 8(1)(9)",
        lambda _a, _c, _p, f, now: f.conference_listed and f.conference_until is not None and now < f.conference_until,
        {C.MINUTES: frozenset({O.OWN_PART}), C.VICTIM_IDENTITY: frozenset({O.INITIALS})},
    ),
    Allow(
        Basis.ORDER_REGISTRY,
        "The order registry: police, the enforcer of an item, the court liaison; the victim's identity where needed.",
        AGENCY,
        frozenset({S.ENFORCER}),
        frozenset({P.ORDER_ENFORCEMENT}),
        frozenset({C.JUSTICE, C.OPPOSITE_IDENTITY, C.VICTIM_IDENTITY}),
        frozenset({O.LEDGER}),
        "DVPA 18, 21; SHPA 14; order regulation 3",
        lambda _a, c, _p, f, _now: f.enforces_identity or c is not C.VICTIM_IDENTITY,
    ),
    Allow(
        Basis.BREAK_GLASS,
        "Imminent danger to life: a person with step-up, at most 30 minutes, reviewed afterwards by another.",
        PEOPLE,
        ANYWHERE,
        SHARING,
        frozenset({C.VICTIM_IDENTITY, C.VICTIM_CONTACT, C.VICTIM_WHEREABOUTS})
        | {C.CASE_FACTS, C.RISK_DETAIL, C.SAFETY_PLAN},
        frozenset({O.LEDGER, O.REASON, O.TELL_COORDINATOR, O.REVIEW, O.EXPIRES}),
        "PDPA 16; DVPA 48-50",
        lambda a, c, _p, f, now: (
            f.break_glass is not None
            and c in f.break_glass.categories
            and now < f.break_glass.until <= now + GLASS_LASTS
            and a.step_up_until is not None
            and now < a.step_up_until
        ),
    ),
    Allow(
        Basis.APPLICATION,
        "A granted written application stating reasons, data, contents and purposes, for its period.",
        AGENCY,
        frozenset({S.APPLICANT}),
        SHARING | {P.OFFENDER_TREATMENT},
        EVERYTHING - {C.REPORTER_IDENTITY, C.LEDGER},
        frozenset({O.LEDGER, O.EXPIRES, O.PURPOSE_BOUND}),
        "D0050073 7",
        lambda _a, c, p, f, now: (
            f.application is not None
            and c in f.application.categories
            and p in f.application.purposes
            and now < f.application.until
        ),
    ),
    Allow(
        Basis.OFFENDER_TREATMENT,
        "The body that treats the opposite party; of the orders, the treatment item.",
        AGENCY,
        frozenset({S.REFERRED_TO}),
        frozenset({P.OFFENDER_TREATMENT}),
        frozenset({C.OPPOSITE_IDENTITY, C.OPPOSITE_TREATMENT, C.JUSTICE}),
        frozenset({O.LEDGER}),
        "DVPA 54-55; SHPA 12",
        lambda _a, _c, _p, f, _now: f.referral_for_treatment,
        {C.JUSTICE: frozenset({O.OWN_PART})},
    ),
    Allow(
        Basis.RELEASE_NOTICE,
        "A release or escape notice, to the police and the centre it is addressed to, at once.",
        AGENCY,
        ANYWHERE,
        frozenset({P.PROTECTION, P.POLICING}),
        frozenset({C.JUSTICE}),
        frozenset({O.LEDGER, O.AT_ONCE, O.OWN_PART}),
        "DVPA 34-1, 42",
        lambda a, _c, _p, f, _now: f.release_notice and (a.network in {"police", "centre"} or a.has(R.COORDINATOR)),
    ),
    Allow(
        Basis.POLICE_REPORT,
        "The police who took the report, of that report.",
        AGENCY,
        ANYWHERE,
        frozenset({P.POLICING}),
        frozenset({C.EXISTENCE, C.CASE_FACTS, C.OPPOSITE_IDENTITY, C.JUSTICE, C.VICTIM_IDENTITY}),
        frozenset({O.LEDGER, O.OWN_PART}),
        "SHPA 4, ER 7; DVPA 48",
        lambda a, _c, _p, f, _now: f.police_of_report and a.network == "police",
    ),
    Allow(
        Basis.OVERSIGHT,
        "Oversight: pseudonyms, clocks, actions and the ledger without identities.",
        frozenset({R.AUDITOR}),
        ANYWHERE,
        frozenset({P.OVERSIGHT}),
        frozenset({C.EXISTENCE, C.ACTIONS, C.CLOCKS, C.LEDGER}),
        frozenset({O.LEDGER, O.PSEUDONYM}),
        "DVPA 4(1), 5; SHPA 2(1)",
    ),
    Allow(
        Basis.STATISTICS,
        "Statistics after suppression of small cells.",
        frozenset({R.AUDITOR, R.ADMINISTRATOR}),
        ANYWHERE,
        frozenset({P.STATISTICS}),
        frozenset({C.STATISTICS}),
        frozenset({O.SUPPRESS}),
        "DVPA 5(9); SHPA 2(1)",
    ),
    Allow(
        Basis.OWN_REPORT,
        "The reporter's own report, whatever their role: its receipt and state.",
        frozenset(Role),
        ANYWHERE,
        frozenset({P.PROTECTION}),
        frozenset({C.EXISTENCE}),
        frozenset({O.OWN_PART}),
        "DVPA 50",
        lambda _a, _c, _p, f, _now: f.own_report,
    ),
    Allow(
        Basis.ACCOUNTING,
        "The accounting of disclosures a victim is owed, read for them by the assigned coordinator.",
        frozenset({R.COORDINATOR}),
        frozenset({S.ASSIGNED}),
        frozenset({P.PROTECTION}),
        frozenset({C.LEDGER}),
        frozenset({O.LEDGER}),
        "PDPA 3, 10",
    ),
    Allow(
        Basis.INTAKE,
        "The intake officer of a report, of that report; the reporter's identity stays with them.",
        frozenset({R.INTAKE_OFFICER}),
        ANYWHERE,
        frozenset({P.PROTECTION}),
        frozenset({C.EXISTENCE, C.CASE_FACTS, C.VICTIM_IDENTITY, C.VICTIM_CONTACT})
        | {C.OPPOSITE_IDENTITY, C.REPORTER_IDENTITY},
        frozenset({O.LEDGER, O.OWN_PART}),
        "DVPA 50 I, II",
        lambda _a, _c, _p, f, _now: f.intake_of_report,
    ),
)

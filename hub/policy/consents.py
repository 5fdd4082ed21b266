"""When a consent counts: who may give it, what it covers, and what must be written."""

from __future__ import annotations

from datetime import datetime

from .terms import Actor, Category, ConsentFact, Purpose

WRITTEN_ONLY = frozenset({Category.HEALTH, Category.OPPOSITE_TREATMENT, Category.JUSTICE})
"""Health, sex-life and criminal data: consent must be written (PDPA 6)."""


def consent_is_valid(consent: ConsentFact) -> bool:
    """F6: a grant by the opposite party, or without capacity and without a custodian, is none (DVPA 50-1)."""
    return consent.capacity and not consent.grantor_is_opposite


def consent_covers(consent: ConsentFact, actor: Actor, category: Category, purpose: Purpose, now: datetime) -> bool:
    """Whether this consent names the category, the recipient and the purpose, and is live at `now`."""
    return (
        category in consent.categories
        and purpose in consent.purposes
        and consent.recipient_agency_id == actor.agency_id
        and consent.starts_at <= now < consent.ends_at
        and (consent.withdrawn_at is None or now < consent.withdrawn_at)
        and (consent.written or category not in WRITTEN_ONLY)
        and consent_is_valid(consent)
    )

"""Pure decisions of identity: what the provider's claims grant, and where a sign-in may lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.policy.terms import Role

from .tables import StaffKind

NEVER_BY_CLAIM = frozenset({Role.ADMINISTRATOR})
"""Granted and taken away here alone, by two persons: whoever runs the provider does not thereby run the hub."""

MAX_VALUES = 64


@dataclass(frozen=True, slots=True)
class Granted:
    """What the claims say. None: the claim is not there and changes nothing."""

    roles: frozenset[Role] | None
    agency_code: str | None
    unknown: int = 0
    """How many values of the roles claim mean nothing here."""


def read_claims(claims: Mapping[str, Any], kind: StaffKind, roles_claim: str, agency_claim: str) -> Granted:
    """What the configured claims grant to an account of this kind; what they say beyond that is counted, not obeyed."""
    values = _texts(claims.get(roles_claim)) if roles_claim in claims else None
    agency = claims.get(agency_claim)
    code = agency if isinstance(agency, str) and 0 < len(agency) <= 64 and agency.isascii() else None
    if values is None:
        return Granted(None, code)
    allowed = {Role.MACHINE} if kind is StaffKind.MACHINE else set(Role) - {Role.MACHINE}
    known = {role.value: role for role in allowed - NEVER_BY_CLAIM}
    return Granted(
        frozenset(known[value] for value in values if value in known), code, sum(value not in known for value in values)
    )


def _texts(value: object) -> list[str]:
    """A claim that is a list of texts, or one text of words parted by spaces; anything else is empty."""
    if isinstance(value, str):
        return value.split()[:MAX_VALUES]
    if isinstance(value, list):
        return [one for one in value[:MAX_VALUES] if isinstance(one, str)]
    return []


def safe_next(wanted: object) -> str:
    """`wanted` if it is a path of this site, else `/`. Browsers read `//x`, `/\\x` and tabs within as other hosts."""
    if (
        isinstance(wanted, str)
        and 0 < len(wanted) <= 512
        and wanted.startswith("/")
        and not wanted.startswith("//")
        and wanted.isascii()
        and wanted.isprintable()
        and " " not in wanted
        and "\\" not in wanted
        and not wanted.startswith("/auth/")
    ):
        return wanted
    return "/"

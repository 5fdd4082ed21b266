"""Who must be asked to which meeting, and which shares a body must keep, each with its article. Pure data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from scheduling.terms import MeetingKind


@dataclass(frozen=True, slots=True)
class Share:
    """At least `least` of a body's members belong to one of `groups`; `each` asks it of every group for itself."""

    groups: frozenset[str]
    least: Fraction
    article: str
    each: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of meeting must look like. `never` attend, whoever asks."""

    networks: tuple[str, ...]
    article: str
    shares: tuple[Share, ...] = ()
    never: frozenset[str] = frozenset()


_GENDERS = frozenset({"female", "male"})

RULES: Mapping[MeetingKind, Rule] = MappingProxyType(
    {
        MeetingKind.RISK: Rule(
            ("social_affairs", "police", "health", "education", "justice"),
            "DVPA 8(1)(9)",
            never=frozenset({"victim", "opposite_party", "counsel"}),
        ),
        MeetingKind.COORDINATION: Rule(
            (
                "police",
                "education",
                "health",
                "social_affairs",
                "civil_affairs",
                "household_registration",
                "justice",
                "labour",
                "news",
                "immigration",
            ),
            "DVPA ER 3",
        ),
        MeetingKind.ADVISORY_SHPA: Rule(
            (),
            "SHPA 2 III",
            (
                Share(frozenset({"scholar", "expert", "ngo", "agency"}), Fraction(1, 2), "SHPA 2 III"),
                Share(_GENDERS, Fraction(1, 3), "SHPA 2 III", each=True),
            ),
        ),
        MeetingKind.ADVISORY_DVPA: Rule(
            (),
            "DVPA 5 II",
            (
                Share(frozenset({"scholar", "expert", "ngo"}), Fraction(1, 2), "DVPA 5 II"),
                Share(_GENDERS, Fraction(1, 3), "DVPA 5 II", each=True),
            ),
        ),
        MeetingKind.CASE: Rule((), "cooperation guideline"),
    }
)


def missing(kind: MeetingKind, invited: Iterable[str], also: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The networks not asked though they must be, each with its article, in the order of the rule.

    `also` are the networks the cases on the agenda call for.
    """
    rule = RULES[kind]
    asked = set(invited)
    wanted = [*rule.networks, *(network for network in also if network not in rule.networks)]
    return [(network, rule.article) for network in dict.fromkeys(wanted) if network not in asked]


def forbidden(kind: MeetingKind, roles: Iterable[str]) -> list[tuple[str, str]]:
    """The roles asked though they never attend, each with the article."""
    rule = RULES[kind]
    return [(role, rule.article) for role in dict.fromkeys(roles) if role in rule.never]


def short_shares(kind: MeetingKind, members: Sequence[Collection[str]]) -> list[tuple[frozenset[str], str]]:
    """The groups that have too few members, each with its article. A member is the set of groups it belongs to."""
    return [
        (groups, share.article)
        for share in RULES[kind].shares
        for groups in ([frozenset({group}) for group in sorted(share.groups)] if share.each else [share.groups])
        if sum(not groups.isdisjoint(member) for member in members) < share.least * len(members)
    ]

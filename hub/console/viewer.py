"""Who looks at a page, as the session says, and which pages are offered to each role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from hub.base.texts import mark
from hub.identity.sessions import SignedIn, csrf_token
from hub.policy.terms import Role


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person as pages show them. Names are of staff alone, never of anyone in a case."""

    name: str
    agency: dict[str, str]
    """Name of the agency by language tag."""
    roles: frozenset[Role]
    csrf: str
    """The token of this page's forms."""
    locale: str = ""
    """Language chosen in the staff record; empty: the browser decides."""

    def has(self, *roles: Role) -> bool:
        """Whether any of `roles` is held."""
        return not self.roles.isdisjoint(roles)

    def agency_name(self, lang: str) -> str:
        """The agency's name in `lang`, else in the language it was written in."""
        return self.agency.get(lang) or next(iter(self.agency.values()), "")


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation: shown to `roles`, current for every path below `path`."""

    key: str
    label: str
    path: str
    roles: frozenset[Role]


EVERYONE = frozenset(Role) - {Role.MACHINE}
CASE_WORK = frozenset({Role.COORDINATOR})
OVERSEEING = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
KEEPING = frozenset({Role.AGENCY_MANAGER, Role.AGENCY_WORKER})
MEETING = frozenset({Role.COORDINATOR, Role.AGENCY_WORKER, Role.AGENCY_MANAGER})
PLACES: tuple[Place, ...] = (
    Place("home", mark("Home"), "/", EVERYONE),
    Place("waiting", mark("Waiting reports"), "/waiting", CASE_WORK | {Role.INTAKE_OFFICER}),
    Place("cases", mark("My cases"), "/cases", CASE_WORK),
    Place("sent", mark("Sent referrals"), "/sent", CASE_WORK),
    Place("meetings", mark("Meetings"), "/meetings", MEETING),
    Place("report", mark("File a report"), "/report", EVERYONE - OVERSEEING),
    Place("directory", mark("Directory"), "/directory", EVERYONE),
    Place("coverage", mark("Coverage"), "/coverage", CASE_WORK | OVERSEEING | {Role.AGENCY_MANAGER}),
    Place("services", mark("Our services"), "/my-services", KEEPING),
    Place("staff", mark("Accounts"), "/staff", frozenset({Role.ADMINISTRATOR, Role.AGENCY_MANAGER})),
    Place("rounds", mark("Stock-taking"), "/rounds", OVERSEEING),
    Place("imports", mark("Import and export"), "/imports", OVERSEEING),
    Place("audit", mark("Audit"), "/audit", frozenset({Role.AUDITOR})),
)
"""In the order they are shown; each must be a page that exists."""


def signed_in(request: Request) -> SignedIn | None:
    """The live session of a request, put into `request.state.signed_in` by whoever reads the cookie; else None."""
    found = getattr(request.state, "signed_in", None)
    return found if isinstance(found, SignedIn) else None


def viewer_of(request: Request) -> Viewer | None:
    """The signed-in person as pages show them, or None."""
    found = signed_in(request)
    if found is None:
        return None
    return Viewer(found.display_name, found.agency_names, found.actor.roles, csrf_token(found), found.locale)


def only(request: Request, *roles: Role) -> None:
    """Only for who holds one of `roles`. HTTPException 401 when nobody is signed in, 403 for anybody else."""
    viewer = viewer_of(request)
    if viewer is None:
        raise HTTPException(401)
    if not viewer.has(*roles):
        raise HTTPException(403)


def navigation(viewer: Viewer | None, path: str, counts: Mapping[str, int]) -> list[dict[str, object]]:
    """The places this person may go to: label (to translate), path, whether it is shown, `counts` waiting."""
    if viewer is None:
        return []
    return [
        {
            "label": place.label,
            "path": place.path,
            "current": path == place.path or (place.path != "/" and path.startswith(place.path + "/")),
            "count": counts.get(place.key, 0),
        }
        for place in PLACES
        if viewer.has(*place.roles)
    ]

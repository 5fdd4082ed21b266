"""GraphQL: the types of coverage: cells, lines, gaps, frozen rounds and what changed between them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from directory import coverage, coverage_needs, coverage_rounds
from directory.coverage import CoverageState
from directory.coverage_rounds import Change
from hub.inventory import coverage as views

from .describe import describes, enum, gid, pure
from .directory import Area

ALL = frozenset({"*"})

enum(
    CoverageState,
    "What a cell of the coverage matrix says at one look; the first that applies.",
    GAP="Whoever owes the need offers nothing here.",
    STALE="Something is offered, and nobody has attested any of it within six months.",
    PARTLY="Something is offered, not in the whole of the area or not by all who owe it.",
    OFFERED="It is offered in the whole of the area.",
)
enum(
    Change,
    "What became of a cell between two moments.",
    GAP_CLOSED="What was owed and missing is offered.",
    GAP_OPENED="What is owed is offered no longer.",
    NEW="Offered now by a network that does not owe it.",
    ENDED="No longer offered by a network that does not owe it.",
    MORE="More services than before.",
    FEWER="Fewer services than before.",
    FRESHER="As many services, more of them attested in time.",
    STALER="As many services, fewer of them attested in time.",
)


def _worked_out(name: str) -> Any:
    return lambda source, _context, _arguments: getattr(source, name)


def _state(root: Any) -> CoverageState:
    state: CoverageState = root.state
    return state


def _stale(root: Any) -> int:
    stale: int = root.stale
    return stale


def _offering(root: Any) -> int:
    offering: int = root.offering
    return offering


def _articles(root: Any) -> list[str]:
    return list(root.articles)


@strawberry.type(description="Places free now of one unit.")
@describes(coverage.Free, public=ALL)
class FreePlaces:
    """Free places."""

    unit: str = strawberry.field(description="Of what: beds, hours, places.")
    places: int = strawberry.field(description="How many are free, by figures that are not out of date.")
    services: int = strawberry.field(description="How many services have said so.")


@strawberry.type(description="What one network offers for a need in an area. Counts are of active services.")
@describes(coverage.Cell, public=ALL)
class CoverageCell:
    """A cell of the matrix."""

    need: str = strawberry.field(description="Code of the need.")
    network: str = strawberry.field(description="Code of the network; empty for agencies nobody has placed yet.")
    owed: bool = strawberry.field(description="Whether the network owes the need by the duty map.")
    state = pure(_worked_out("state"), _state, "The cell at one look.")
    services: int = strawberry.field(description="Services that reach any part of the area.")
    whole: int = strawberry.field(description="Of them, those that cover all of it.")
    attested: int = strawberry.field(description="Of them, those attested within six months.")
    stale = pure(_worked_out("stale"), _stale, "Of them, those nobody has attested within six months.")
    free: list[FreePlaces] = strawberry.field(description="Their free places by unit.")
    articles = pure(_worked_out("articles"), _articles, "Why the network owes the need; empty where it does not.")


@strawberry.type(description="A need in an area, all networks taken together.")
@describes(coverage_needs.NeedCover, public=ALL)
class NeedCover:
    """A need of an area."""

    need: str = strawberry.field(description="Code of the need.")
    state: CoverageState = strawberry.field(description="The need at one look; a gap where nobody who owes it offers.")
    owing: int = strawberry.field(description="How many networks owe it.")
    offering = pure(_worked_out("offering"), _offering, "How many of these offer it.")
    missing: list[str] = strawberry.field(description="Codes of those that offer nothing.")
    services: int = strawberry.field(description="Services that reach any part of the area, of any network.")
    attested: int = strawberry.field(description="Of them, those attested within six months.")
    articles: list[str] = strawberry.field(description="The articles by which it is owed.")


def _needs(source: Any, _context: Any, _arguments: dict[str, Any]) -> Any:
    return coverage_needs.by_need(source.cells)


def _needs_field(root: Any) -> list[NeedCover]:
    found: list[NeedCover] = _needs(root, None, {})
    return found


@strawberry.type(description="One area of the coverage matrix.")
@describes(coverage.Line, public=ALL)
class CoverageLine:
    """A line of the matrix."""

    area: Area = strawberry.field(description="The area.")
    population: int | None = strawberry.field(description="How many people live there, where known.")
    population_year: int | None = strawberry.field(description="Year of that count.")
    inner: int = strawberry.field(description="How many areas lie directly inside.")
    cells: list[CoverageCell] = strawberry.field(description="What is owed or offered, in the order of the duty map.")
    needs = pure(_needs, _needs_field, "The same by need, all networks taken together.")


@strawberry.type(description="How many people's need went unmet: a band of five. Below five nobody is told from none.")
@describes(views.UnmetView, public=ALL)
class UnmetReferrals:
    """A count in a band."""

    at_least: int = strawberry.field(
        description="At least so many people; 0 stands for none, or fewer than five in each part of the area."
    )
    below: int = strawberry.field(description="Fewer than this.")


def _of_gap(name: str) -> Any:
    return lambda source, _context, _arguments: getattr(source.gap, name)


def _gap_area(root: Any) -> Area:
    found: Area = root.gap.area
    return found


def _gap_text(name: str) -> Any:
    def read(root: Any) -> str:
        return str(getattr(root.gap, name))

    return read


def _gap_articles(root: Any) -> list[str]:
    return list(root.gap.articles)


def _gap_number(name: str) -> Any:
    def read(root: Any) -> int | None:
        found: int | None = getattr(root.gap, name)
        return found

    return read


def _gap_others(root: Any) -> int:
    others: int = root.gap.others
    return others


@strawberry.type(description="A network owes a need in an area and offers nothing there.")
@describes(views.GapView, public=ALL)
class CoverageGap:
    """A gap."""

    area = pure(_of_gap("area"), _gap_area, "Where.")
    need = pure(_of_gap("need"), _gap_text("need"), "Code of the need.")
    network = pure(_of_gap("network"), _gap_text("network"), "Code of the network that owes it.")
    articles = pure(_of_gap("articles"), _gap_articles, "The articles by which it is owed.")
    population = pure(_of_gap("population"), _gap_number("population"), "How many people live there, where known.")
    population_year = pure(_of_gap("population_year"), _gap_number("population_year"), "Year of that count.")
    others = pure(_of_gap("others"), _gap_others, "How many services other networks offer there for the need.")
    unmet: UnmetReferrals | None = strawberry.field(
        description="People referred for the need there whom nobody took; null to all but auditors and administrators."
    )


def _round_id(source: Any, _context: Any, _arguments: dict[str, Any]) -> str:
    return gid("InventoryRound", source.label)


def _round_id_field(root: Any) -> strawberry.ID:
    return strawberry.ID(_round_id(root, None, {}))


@strawberry.type(description="A round of stock-taking whose matrix was kept as it was.")
@describes(coverage_rounds.Frozen, public=ALL)
class CoverageRound:
    """A frozen matrix."""

    round_id = pure(_round_id, _round_id_field, "Id of the round.")
    at: datetime = strawberry.field(description="When it was kept.")
    duty_map: str = strawberry.field(description="Version of the duty map it was measured by.")


@strawberry.type(description="Counts of a cell at one moment.")
@describes(coverage_rounds.Then, public=ALL)
class CoverageThen:
    """A cell at a moment."""

    state = pure(_worked_out("state"), _state, "The cell at one look.")
    services: int = strawberry.field(description="Services that reached any part of the area.")
    whole: int = strawberry.field(description="Of them, those that covered all of it.")
    attested: int = strawberry.field(description="Of them, those attested within six months.")


@strawberry.type(description="A cell that is not as it was.")
@describes(coverage_rounds.CellChange, public=ALL)
class CoverageChange:
    """A change."""

    need: str = strawberry.field(description="Code of the need.")
    network: str = strawberry.field(description="Code of the network.")
    change: Change = strawberry.field(description="What became of it.")
    before: CoverageThen = strawberry.field(description="As it was.")
    after: CoverageThen = strawberry.field(description="As it is.")


@strawberry.type(description="What an area owes at one moment: each duty of a network is one.")
@describes(coverage_rounds.Totals, public=ALL)
class CoverageTotals:
    """Totals of an area."""

    gaps: int = strawberry.field(description="Duties without an offer.")
    met: int = strawberry.field(description="Duties with one.")
    attested: int = strawberry.field(description="Of these, those with a service attested within six months.")


@strawberry.type(description="An area between two moments.")
@describes(coverage_rounds.TrendLine, public=ALL)
class CoverageTrend:
    """A line of the trend."""

    area: Area = strawberry.field(description="The area.")
    before: CoverageTotals | None = strawberry.field(description="Then; null where the area was not known yet.")
    after: CoverageTotals = strawberry.field(description="Later, or now.")
    changes: list[CoverageChange] = strawberry.field(description="Every cell that is not as it was.")

"""The fixed-seed county of the benchmarks: agencies, staff, cases, referrals, standings and consents, all fictional."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from hub.base.crypto import Keys, new_data_key, open_data_key, seal

SEED = 20260101
START = datetime(2026, 1, 5, tzinfo=UTC)
NETWORKS = ("health", "police", "education", "labour", "social_affairs", "ngo", "justice")
STATES = ("requested", "accepted", "requested", "accepted", "completed", "completed", "completed", "rejected")
LEVELS = ("standard", "medium", "medium", "high")
_CATEGORIES = ("victim_identity", "victim_contact", "risk_level", "case_facts", "employment", "education")
_PURPOSES = ("protection", "treatment", "schooling", "employment", "policing")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is; five referrals a case."""

    services: int = 100_000
    referrals: int = 100_000
    referrals_an_agency: int = 500
    cases_a_coordinator: int = 500

    @property
    def cases(self) -> int:
        """Cases in all."""
        return self.referrals // 5

    @property
    def agencies(self) -> int:
        """Agencies that answer referrals, beside the one centre."""
        return max(4, self.referrals // self.referrals_an_agency)

    @property
    def coordinators(self) -> int:
        """Coordinators of the centre."""
        return max(2, self.cases // self.cases_a_coordinator)


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency and its one worker."""

    id: UUID
    code: str
    network: str
    organization_id: UUID
    worker_id: UUID


@dataclass(frozen=True, slots=True)
class Case:
    """A case and its coordinator."""

    id: UUID
    number: str
    coordinator: int


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral without what is sealed."""

    id: UUID
    case: int
    agency: int
    service_id: UUID
    need: str
    area: str
    urgency: str
    state: str
    sent_at: datetime
    due_at: datetime

    @property
    def open(self) -> bool:
        """Whether it stands in its agency's inbox."""
        return self.state in ("requested", "accepted")


@dataclass(frozen=True, slots=True)
class County:
    """Everything but the sealed columns, the same for the same scale and seed."""

    scale: Scale
    centre_id: UUID
    agencies: Sequence[Agency]
    coordinators: Sequence[UUID]
    cases: Sequence[Case]
    referrals: Sequence[Referral]
    services: Sequence[Sequence[UUID]]
    """Services of each agency."""


def _id(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def county(scale: Scale, needs: Sequence[str], areas: Sequence[str], services_each: int, seed: int = SEED) -> County:
    """The county of a scale. `services_each`: how many directory services each agency gives."""
    random = Random(seed)
    agencies = [
        Agency(_id(random), f"agency-{i:04}", NETWORKS[i % len(NETWORKS)], _id(random), _id(random))
        for i in range(scale.agencies)
    ]
    coordinators = [_id(random) for _ in range(scale.coordinators)]
    cases = [Case(_id(random), f"C-{i:06}", i % scale.coordinators) for i in range(scale.cases)]
    services = [[_id(random) for _ in range(services_each)] for _ in agencies]
    return County(
        scale,
        _id(random),
        agencies,
        coordinators,
        cases,
        list(_referrals(random, scale, needs, areas, services)),
        services,
    )


def _referrals(
    random: Random, scale: Scale, needs: Sequence[str], areas: Sequence[str], services: Sequence[Sequence[UUID]]
) -> Iterator[Referral]:
    for i in range(scale.referrals):
        agency = random.randrange(scale.agencies)
        sent = START + timedelta(seconds=random.randrange(200 * 86_400))
        yield Referral(
            id=_id(random),
            case=i % scale.cases,
            agency=agency,
            service_id=random.choice(services[agency]),
            need=random.choice(needs),
            area=random.choice(areas),
            urgency=random.choice(("immediate", "urgent", "normal")),
            state=random.choice(STATES),
            sent_at=sent,
            due_at=sent + timedelta(days=3),
        )


async def load(connection: asyncpg.Connection, made: County, keys: Keys, issuer: str, seed: int = SEED) -> None:
    """Write the county into an empty, migrated database by COPY; `issuer` is who signs the staff's tokens."""
    random = Random(seed + 1)
    await _people(connection, made, issuer)
    opened = {}
    cases, parties, consents = [], [], []
    standings: list[tuple[Any, ...]] = []
    for case in made.cases:
        wrapped = new_data_key(keys, case.id.bytes)
        key = opened[case.id] = open_data_key(keys, wrapped, case.id.bytes)
        coordinator = made.coordinators[case.coordinator]
        facts = {"summary": "A fictional case of the benchmark.", "relationship": "spouse", "stalking": False}
        at = START + timedelta(seconds=random.randrange(180 * 86_400))
        row = (case.id, case.number, made.centre_id, coordinator, "TPE-XINYI", ["DVPA"], "open")
        sealed = _sealed(key, case.id, "facts", facts)
        cases.append((*row, random.choice(LEVELS), None, at, wrapped, sealed, 1))
        for kind in ("victim", "opposite"):
            party, index = _id(random), random.randbytes(32)
            person = {"name": "示範 甲", "birth_date": "1990-01-01", "phone": "0900-000-000", "address": "示範路 1 號"}
            parties.append((party, case.id, kind, _sealed(key, case.id, f"party:{party}", person), index))
        standings.append((_id(random), case.id, "assigned", None, coordinator, case.id, False))
        standings.append((_id(random), case.id, "same_centre", made.centre_id, None, case.id, False))
        if random.random() < 0.6:
            to = [agency.id for agency in random.sample(made.agencies, 2)]
            given = (random.sample(_CATEGORIES, 3), list(_PURPOSES), to, random.random() < 0.5)
            until = START + timedelta(days=3650)
            consents.append((_id(random), case.id, "victim", True, *given, "1", START, until, coordinator, START))
    referrals, deadlines = [], []
    for r in made.referrals:
        case, agency = made.cases[r.case], made.agencies[r.agency]
        told = _sealed(opened[case.id], case.id, f"referral:{r.id}", "What the agency is told of this need.")
        answered = None if r.state == "requested" else r.sent_at + timedelta(days=1)
        reason = "no_capacity" if r.state == "rejected" else None
        outcome = "service_given" if r.state == "completed" else None
        who = (made.centre_id, agency.id, r.service_id, told, r.state, reason, made.coordinators[case.coordinator])
        referrals.append((r.id, case.id, r.need, r.area, r.urgency, *who, r.sent_at, r.due_at, answered, outcome, 1))
        if r.open:
            accepted = r.state == "accepted"
            standings.append((_id(random), case.id, "referred_to", agency.id, None, r.id, accepted))
            if not accepted:
                deadlines.append(("referral_answer", r.id, agency.id, r.sent_at, r.due_at, r.due_at))
    await _copy(connection, "case_file", _CASE, cases)
    await _copy(connection, "party", "id case_id kind person person_index", parties)
    await _copy(connection, "consent", _CONSENT, consents)
    await _copy(connection, "referral", _REFERRAL, referrals)
    standing = "id case_id kind agency_id staff_id source_id accepted treatment listed"
    await _copy(connection, "standing", standing, ((*row, False, False) for row in standings))
    clock = "clock subject_id owner_id starts_at due_at next_fire_at state stage warned attempts id"
    await _copy(connection, "deadline", clock, ((*row, "running", "waiting", 0, 0, _id(random)) for row in deadlines))


_CASE = "id number centre_id coordinator_id area acts state risk_level listed_at opened_at data_key facts version"
_CONSENT = (
    "id case_id grantor capacity categories purposes recipient_ids written notice_version starts_at ends_at"
    " recorded_by recorded_at"
)
_REFERRAL = (
    "id case_id need area urgency from_agency_id to_agency_id service_id summary state reason sent_by sent_at due_at"
    " answered_at outcome version"
)


async def _people(connection: asyncpg.Connection, made: County, issuer: str) -> None:
    def names(code: str) -> str:
        return json.dumps({"en": f"Example {code}", "ko": f"예시 {code}"})

    agencies: list[tuple[Any, ...]] = [
        (
            a.id,
            a.code,
            f"示範 {a.code}",
            names(a.code),
            a.network,
            a.organization_id,
            False,
            "",
            f"{a.code}@hub.example",
        )
        for a in made.agencies
    ]
    centre = ("centre", "示範防治中心", names("centre"), "centre", None, True, "TPE", "centre@hub.example")
    agencies.append((made.centre_id, *centre))
    columns = "id code name names network organization_id is_centre county email created_at"
    await _copy(connection, "agency", columns, ((*row, START) for row in agencies))
    staff = [(a.worker_id, f"worker-{i}", a.id, "agency_worker") for i, a in enumerate(made.agencies)]
    staff += [(c, f"coordinator-{i}", made.centre_id, "coordinator") for i, c in enumerate(made.coordinators)]
    columns = "id issuer subject display_name agency_id created_at"
    await _copy(connection, "staff", columns, ((i, issuer, who, f"示範 {who}", at, START) for i, who, at, _ in staff))
    await _copy(connection, "staff_role", "staff_id role granted_at", ((i, role, START) for i, _, _, role in staff))


def _sealed(key: bytes, owner: UUID, place: str, value: Any) -> bytes:
    return seal(key, orjson.dumps(value), owner.bytes + place.encode())


async def _copy(connection: asyncpg.Connection, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    await connection.copy_records_to_table(table, columns=columns.split(), records=rows)

"""GraphQL: anything again by its global id, through the same views as everywhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import strawberry

from directory import search as directory
from hub.base.db import Session
from hub.cases import reports
from hub.cases import views as cases
from hub.conferences import views as conferences
from hub.consent import views as consent
from hub.identity import views as identity
from hub.identity.lookups import briefs
from hub.imports import exports
from hub.imports import views as imports
from hub.inventory import keeping, uploads
from hub.inventory import views as inventory
from hub.policy.terms import Actor
from hub.referrals import views as referrals

from .context import Info
from .describe import Node, kind_of
from .permissions import SIGNED_IN, Asks


async def _agency(session: Session, _actor: Actor, key: UUID) -> Any:
    return (await briefs(session, [key])).get(key)


async def _service(session: Session, _actor: Actor, key: UUID) -> Any:
    return await directory.service(session, key)


READERS: dict[str, Callable[[Session, Actor, UUID], Awaitable[Any]]] = {
    "Agency": _agency,
    "Staff": identity.staff_member,
    "Service": _service,
    "Case": cases.case,
    "Report": reports.report,
    "Consent": consent.consent,
    "Referral": referrals.referral,
    "Conference": conferences.conference,
    "DirectoryExport": exports.export,
    "DirectoryImport": imports.package,
    "InventoryRound": inventory.round_,
    "InventoryTask": inventory.task,
    "InventorySheet": uploads.view,
    "VocabularyTerm": keeping.word,
}
"""How each kind of node is read again."""


@strawberry.type
class NodeQuery:
    """Relay's node query."""

    @strawberry.field(
        description="A case, report, referral, consent, conference, agency or service by global id; null if hidden.",
        extensions=[Asks(SIGNED_IN)],
        graphql_type=Node | None,
    )
    async def node(self, info: Info, id: strawberry.ID) -> Any:
        kind, key = kind_of(id)
        reader = READERS.get(kind)
        return None if reader is None else await reader(info.context.session, info.context.person, key)

"""GraphQL: the audit chain and its entries, for the competent authority."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import strawberry

from hub.audit.heads import last_kept, public_key
from hub.base.errors import FieldError, InvalidInput
from hub.oversight import views
from hub.policy.terms import Role

from .agencies import Agency
from .context import Info
from .describe import Connection, Node, describes, first_of, gid, key_of, page, pure
from .permissions import Asks

AUDITING = frozenset({Role.AUDITOR})


@strawberry.type(description="Something that does not fit in the chain.")
@describes(views.FindingView, public=frozenset({"*"}))
class AuditFinding:
    """A finding."""

    kind: str = strawberry.field(
        description="edited, deleted, inserted, reordered, truncated, rewritten, dated, head or unsealed."
    )
    where: str = strawberry.field(description="Which entry or seal.")


@strawberry.type(description="The state of the audit chain, verified now.")
@describes(views.ChainView, public=frozenset({"*"}))
class AuditChain:
    """The chain."""

    whole: bool = strawberry.field(description="Whether nothing is wrong.")
    seals: int = strawberry.field(description="Links of the chain.")
    entries: int = strawberry.field(description="Entries under seal.")
    unsealed: int = strawberry.field(description="Entries of the last moments, not yet sealed.")
    unsealed_since: datetime | None = strawberry.field(description="When the oldest of them was made.")
    head: str = strawberry.field(description="Hash at the end of the chain.")
    head_checked: bool = strawberry.field(description="Whether a head kept outside the database was compared.")
    head_at: datetime | None = strawberry.field(description="When that head was exported.")
    after_head: int = strawberry.field(
        description="Seals that head does not know yet. With no head, or if these are cut off, nobody would see it."
    )
    problems: list[AuditFinding] = strawberry.field(description="What is wrong, the first fifty.")


def _cases(source: Any, _context: Any, _arguments: dict[str, Any]) -> list[str]:
    return [gid("Case", case) for case in source.case_ids]


def _cases_field(root: Any) -> list[strawberry.ID]:
    return [strawberry.ID(case) for case in _cases(root, None, {})]


@strawberry.type(description="One audit entry: who did what when. Persons and cases are opaque ids.")
@describes(views.EntryView, public=frozenset({"*"}))
class AuditEntry(Node):
    """An entry."""

    number: int = strawberry.field(description="Its number.")
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="Opaque id of who did it; empty where it could tell who reported.")
    agency: Agency | None = strawberry.field(description="Their agency; null where it could tell who reported.")
    action: str = strawberry.field(description="Code of what was done, e.g. `referral.send`, `disclose`.")
    subject: str = strawberry.field(description="Opaque id of what it was done to, or the operation it came through.")
    case_ids = pure(_cases, _cases_field, "Cases it touches, as ids alone.")


@strawberry.type
class OversightQuery:
    """Queries of oversight."""

    @strawberry.field(
        description="Verify the whole audit chain now, against the last head exported outside the database.",
        extensions=[Asks(AUDITING)],
        graphql_type=AuditChain,
    )
    async def audit_chain(self, info: Info) -> Any:
        settings = info.context.settings
        head = last_kept(settings.state_dir / "heads")
        key = public_key(info.context.keys.audit)
        late = timedelta(seconds=settings.seal_late)
        return await views.chain(info.context.session, info.context.person, head, key, late)

    @strawberry.field(
        description="Audit entries, newest first, of one action or one case if named.",
        extensions=[Asks(AUDITING)],
        graphql_type=Connection[AuditEntry],
    )
    async def audit_entries(
        self,
        info: Info,
        first: int = 50,
        after: str | None = None,
        action: str | None = None,
        case_id: strawberry.ID | None = None,
    ) -> Any:
        before = None
        if after is not None:
            if not (after.isascii() and after.isdigit() and len(after) < 19):
                raise InvalidInput(FieldError("after", "unknown_cursor"))
            before = int(after)
        case = key_of(case_id, "Case", path="caseId") if case_id else None
        most = first_of(first)
        found = await views.audit_entries(info.context.session, info.context.person, most, before, action, case)
        return page(found, [str(view.number) for view in found], more=len(found) == most)

"""GraphQL: keeping agencies and accounts, and declaring that one knows somebody of a case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import strawberry

from hub.cases.relations import DeclareRelation, declare
from hub.identity import actions, grants, views
from hub.identity.agency_edit import update_agency
from hub.identity.provider import issuer_of
from hub.policy.terms import Role

from .accounts import (
    AddAgencyInput,
    AddStaffInput,
    AgencyRecord,
    AgencyStandingInput,
    Colleague,
    DeclareRelationInput,
    RoleInput,
    Staff,
    StaffStandingInput,
    UpdateAgencyInput,
)
from .context import Info
from .describe import Connection, first_of, key_of, page
from .inventory import _cursor, _place
from .keeping_inputs import row_key
from .permissions import OVERSEEING, Asks, Does
from .problems import outcome

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
KEEPING_STAFF = frozenset({Role.ADMINISTRATOR, Role.AGENCY_MANAGER})
PEOPLE = frozenset(Role) - {Role.MACHINE}


def _agency(global_id: str) -> UUID:
    return key_of(global_id, "AgencyRecord", "Agency", path="agencyId")


def _staff(global_id: str) -> UUID:
    return key_of(global_id, "Staff", "Colleague", path="staffId")


@strawberry.type
class AdministrationQuery:
    """Queries of whoever keeps agencies and accounts."""

    @strawberry.field(
        description="Every agency by code, suspended ones too.",
        extensions=[Asks(OVERSEEING)],
        graphql_type=list[AgencyRecord],
    )
    async def agency_records(self, info: Info) -> Any:
        return await views.all_agencies(info.context.session)

    @strawberry.field(
        description="Accounts by name, of one agency or all; a manager's own agency alone.",
        extensions=[Asks(OVERSEEING | KEEPING_STAFF)],
        graphql_type=Connection[Staff],
    )
    async def staff(
        self, info: Info, agency_id: strawberry.ID | None = None, first: int = 50, after: str | None = None
    ) -> Any:
        session, actor = info.context.session, info.context.person
        key = None if agency_id is None else _agency(agency_id)
        rows, more = await views.staff_list(session, actor, key, first_of(first), _place(after, str))
        return page(rows, [_cursor(row.display_name, row.id) for row in rows], more=more)

    @strawberry.field(
        description="One account; null where it is not the caller's to see.",
        extensions=[Asks(OVERSEEING | KEEPING_STAFF)],
        graphql_type=Staff | None,
    )
    async def staff_member(self, info: Info, id: strawberry.ID) -> Any:
        key = key_of(id, "Staff", "Colleague")
        return await views.staff_member(info.context.session, info.context.person, key)

    @strawberry.field(
        description="The people of an agency by name, to say who of them knows somebody of a case.",
        extensions=[Asks(grants.DECLARE_FOR_OTHERS)],
        graphql_type=list[Colleague],
    )
    async def colleagues(self, info: Info, agency_id: strawberry.ID) -> Any:
        return await views.colleagues(info.context.session, info.context.person, _agency(agency_id))


@strawberry.type
class AdministrationMutation:
    """Mutations of whoever keeps agencies and accounts."""

    @strawberry.mutation(
        description="Let an agency take part.",
        extensions=[Does(ADMINISTRATORS, views.agency)],
        graphql_type=outcome("AddAgencyResult", AgencyRecord),
    )
    async def add_agency(self, info: Info, input: AddAgencyInput) -> Any:
        given = actions.AddAgency(
            code=input.code,
            name=input.name,
            network=input.network,
            names={name.language: name.name for name in input.names if name.name.strip()},
            organization_id=row_key(input.organization_id, "organizationId"),
            is_centre=input.is_centre,
            county=input.county,
            email=input.email,
        )
        return await actions.add_agency(info.context.session, info.context.person, given)

    @strawberry.mutation(
        description="Change an agency's names, network, county or mailbox. What its people may see follows its network "
        "at once, so nobody changes that of their own agency.",
        extensions=[Does(ADMINISTRATORS, views.agency)],
        graphql_type=outcome("UpdateAgencyResult", AgencyRecord),
    )
    async def update_agency(self, info: Info, input: UpdateAgencyInput) -> Any:
        given: dict[str, Any] = {
            name: value.strip()
            for name in ("name", "network", "county", "email")
            if (value := getattr(input, name)) is not None
        }
        if input.names is not None:
            given["names"] = {one.language: one.name.strip() for one in input.names if one.name.strip()}
        key = _agency(input.agency_id)
        return await update_agency(info.context.session, info.context.person, key, input.version, given)

    @strawberry.mutation(
        description="Suspend an agency: from this moment none of its people may do anything (F1).",
        extensions=[Does(ADMINISTRATORS, views.agency)],
        graphql_type=outcome("SuspendAgencyResult", AgencyRecord),
    )
    async def suspend_agency(self, info: Info, input: AgencyStandingInput) -> Any:
        key = _agency(input.agency_id)
        await actions.suspend_agency(info.context.session, info.context.person, key)
        return key

    @strawberry.mutation(
        description="Let a suspended agency back in.",
        extensions=[Does(ADMINISTRATORS, views.agency)],
        graphql_type=outcome("ReinstateAgencyResult", AgencyRecord),
    )
    async def reinstate_agency(self, info: Info, input: AgencyStandingInput) -> Any:
        key = _agency(input.agency_id)
        await actions.suspend_agency(info.context.session, info.context.person, key, suspended=False)
        return key

    @strawberry.mutation(
        description="Open an account, and grant its first roles. Managers: of persons of their own agency.",
        extensions=[Does(KEEPING_STAFF, views.staff_member)],
        graphql_type=outcome("AddStaffResult", Staff),
    )
    async def add_staff(self, info: Info, input: AddStaffInput) -> Any:
        session, actor = info.context.session, info.context.person
        given = actions.AddStaff(
            issuer=issuer_of(info.context.settings) if input.issuer is None else input.issuer,
            subject=input.subject,
            display_name=input.display_name,
            agency_id=_agency(input.agency_id),
            email=input.email,
            kind=input.kind,
            scopes=frozenset(input.scopes),
            locale=str(input.locale.value),
            claims_managed=input.claims_managed,
            expires_at=input.expires_at,
        )
        staff = await actions.add_staff(session, actor, given)
        for role in sorted(set(input.roles)):
            await grants.grant_role(session, actor, grants.RoleOf(staff, role))
        return staff

    @strawberry.mutation(
        description="Suspend an account: its sessions end at once and it may do nothing (F1). Nobody does it to "
        "themself.",
        extensions=[Does(KEEPING_STAFF, views.staff_member)],
        graphql_type=outcome("SuspendStaffResult", Staff),
    )
    async def suspend_staff(self, info: Info, input: StaffStandingInput) -> Any:
        key = _staff(input.staff_id)
        await actions.suspend_staff(info.context.session, info.context.person, key)
        return key

    @strawberry.mutation(
        description="Let a suspended account back in.",
        extensions=[Does(KEEPING_STAFF, views.staff_member)],
        graphql_type=outcome("ReinstateStaffResult", Staff),
    )
    async def reinstate_staff(self, info: Info, input: StaffStandingInput) -> Any:
        key = _staff(input.staff_id)
        await actions.suspend_staff(info.context.session, info.context.person, key, suspended=False)
        return key

    @strawberry.mutation(
        description="Grant a role. A manager grants `AGENCY_WORKER` and `REPORTER` at home; an administrator is made "
        "by two administrators, each granting it. Nobody grants themself anything.",
        extensions=[Does(KEEPING_STAFF, views.staff_member)],
        graphql_type=outcome("GrantRoleResult", Staff),
    )
    async def grant_role(self, info: Info, input: RoleInput) -> Any:
        key = _staff(input.staff_id)
        await grants.grant_role(info.context.session, info.context.person, grants.RoleOf(key, input.role))
        return key

    @strawberry.mutation(
        description="Take a role away. The last administrator stays.",
        extensions=[Does(KEEPING_STAFF, views.staff_member)],
        graphql_type=outcome("RevokeRoleResult", Staff),
    )
    async def revoke_role(self, info: Info, input: RoleInput) -> Any:
        key = _staff(input.staff_id)
        await grants.revoke_role(info.context.session, info.context.person, grants.RoleOf(key, input.role))
        return key

    @strawberry.mutation(
        description="Declare that one is, lives with or is close to a person: where that person is the opposite party "
        "of a case, or is oneself, nothing of the case is shown any more (F2: SHPA 10; DVPA 50-1). For oneself; "
        "coordinators and administrators for anybody. The answer is the same whether or not there is such a case.",
        extensions=[Does(PEOPLE, views.colleague)],
        graphql_type=outcome("DeclareRelationResult", Colleague),
    )
    async def declare_relation(self, info: Info, input: DeclareRelationInput) -> Any:
        given = DeclareRelation(
            kind=input.kind,
            staff_id=None if input.staff_id is None else _staff(input.staff_id),
            name=input.name,
            case_id=None if input.case_id is None else key_of(input.case_id, "Case", path="caseId"),
            party=input.party,
        )
        return await declare(info.context.session, info.context.person, given)

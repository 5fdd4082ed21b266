"""GraphQL: an agency's own entry in the directory, kept by its managers; any by administrators."""

from __future__ import annotations

from typing import Any

import strawberry

from directory import kept
from hub.base.errors import FieldError, InvalidInput
from hub.inventory import agency_entry

from .context import Info
from .describe import describes, pure
from .keeping import EDITING
from .keeping_inputs import KEY, LanguageNameInput, ServiceContactInput, ServicePhoneInput, cleaned, row_key, rows
from .keeping_types import ALL, ServiceContact, ServicePhone, _names, _names_field
from .permissions import Asks, Does
from .problems import outcome


def _key(source: Any, _context: Any, _arguments: dict[str, Any]) -> str:
    return str(source.id)


def _key_field(root: Any) -> strawberry.ID:
    return strawberry.ID(_key(root, None, {}))


@strawberry.type(description="An agency's entry in the directory (HSDS organization), to be changed.")
@describes(agency_entry.EntryView, public=ALL)
class EditableOrganization:
    """An entry."""

    organization_id = pure(_key, _key_field, "Its id in the directory (HSDS).")
    version: str = strawberry.field(description="Give it back with a change: another one is a `Conflict`.")
    own: bool = strawberry.field(description="Whether it is the caller's own agency.")
    name: str = strawberry.field(description="Its official name.")
    names = pure(_names, _names_field, "Its name per language.")
    alternate_name: str = strawberry.field(description="Another name.")
    description: str = strawberry.field(description="What it does.")
    email: str = strawberry.field(description="Its mail address.")
    website: str = strawberry.field(description="Its page.")
    network: str | None = strawberry.field(description="Code of its network; null: nobody has said.")
    phones: list[ServicePhone] = strawberry.field(description="Its own telephones, not those of a service or place.")
    contacts: list[ServiceContact] = strawberry.field(description="Its own contacts.")


@strawberry.input(description="Change an agency's entry; what is null stays.")
class UpdateOrganizationInput:
    """A change."""

    organization_id: strawberry.ID = strawberry.field(description="The entry.")
    version: str = strawberry.field(description="The version that was read; another one is a `Conflict`.")
    name: str | None = strawberry.field(default=None, description="Its official name.")
    names: list[LanguageNameInput] | None = strawberry.field(default=None, description="All its names per language.")
    alternate_name: str | None = strawberry.field(default=None, description="Another name.")
    description: str | None = strawberry.field(default=None, description="What it does.")
    email: str | None = strawberry.field(default=None, description="Its mail address.")
    website: str | None = strawberry.field(default=None, description="Its page.")
    network: str | None = strawberry.field(
        default=None, description="Code of its network, or empty for none: administrators alone."
    )
    phones: list[ServicePhoneInput] | None = strawberry.field(
        default=None, description="All its own telephones; those not sent go."
    )
    contacts: list[ServiceContactInput] | None = strawberry.field(
        default=None, description="All its own contacts; those not sent go."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)


_WORDS = ("name", "alternate_name", "description", "email", "website", "network")


@strawberry.type
class AgencyEntryQuery:
    """Queries about agencies' entries."""

    @strawberry.field(
        description="An agency's entry to be changed: a manager's own (without `id` too), any for an administrator; "
        "else null.",
        extensions=[Asks(EDITING)],
        graphql_type=EditableOrganization | None,
    )
    async def editable_organization(self, info: Info, id: strawberry.ID | None = None) -> Any:
        key = row_key(id, "id")
        return await agency_entry.editable(info.context.session, info.context.person, key)


@strawberry.type
class AgencyEntryMutation:
    """Mutations of agencies' entries."""

    @strawberry.mutation(
        description="Change the entry of one's own agency; administrators any.",
        extensions=[Does(EDITING, agency_entry.read_again)],
        graphql_type=outcome("UpdateOrganizationResult", EditableOrganization),
    )
    async def update_organization(self, info: Info, input: UpdateOrganizationInput) -> Any:
        key = row_key(input.organization_id, "organizationId")
        if key is None:
            raise InvalidInput(FieldError("organizationId", "unknown_row"))
        given: dict[str, Any] = {word: cleaned(value) for word in _WORDS if (value := getattr(input, word)) is not None}
        if input.network is not None:
            given["network"] = given["network"] or None
        if input.names is not None:
            given["names"] = {one.language: one.name.strip() for one in input.names if one.name.strip()}
        if (phones := rows("phones", kept.PhoneRow, input.phones)) is not None:
            given["phones"] = phones
        if (contacts := rows("contacts", kept.ContactRow, input.contacts)) is not None:
            given["contacts"] = contacts
        session, actor = info.context.session, info.context.person
        return await agency_entry.update(session, actor, key, input.version, given)

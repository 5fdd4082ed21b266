"""How GraphQL types describe views: a type lists fields and their meaning, a resolver returns the view itself."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import types
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import strawberry

from hub.base.errors import FieldError, InvalidInput, NotFound
from hub.policy.decide import Disclosed

T = TypeVar("T")
C = TypeVar("C", bound=type)

VIEWS: dict[str, type] = {}
"""GraphQL type name -> the view it describes; the house test and the executor read it."""

CASE_DATA: set[str] = set()
"""Names of the GraphQL types that describe case data."""


def gid(kind: str, key: UUID) -> str:
    """The Relay global id of a node."""
    # Letters, digits, colon and hyphen never make `+` or `/`: the plain alphabet is the URL-safe one here.
    return binascii.b2a_base64(f"{kind}:{key}".encode(), newline=False).rstrip(b"=").decode()


def key_of(global_id: str, *kinds: str, path: str = "id") -> UUID:
    """The UUID inside a global id of one of `kinds`; anything else is an invalid input at `path`."""
    try:
        kind, _, key = base64.urlsafe_b64decode(global_id + "=" * (-len(global_id) % 4)).decode().partition(":")
        if kind not in kinds:
            raise ValueError
        return UUID(key)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise InvalidInput(FieldError(path, "unknown_id")) from None


def kind_of(global_id: str) -> tuple[str, UUID]:
    """The kind and UUID of any global id; NotFound if it is none."""
    try:
        kind, _, key = base64.urlsafe_b64decode(global_id + "=" * (-len(global_id) % 4)).decode().partition(":")
        return kind, UUID(key)
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise NotFound from None


def read(source: Any, name: str) -> Any:
    """The default resolver: an attribute of the view; what was disclosed is unwrapped, nothing else is."""
    value = getattr(source, name)
    if type(value) is Disclosed:
        return value.value
    return value


def describes(view: type, *, public: frozenset[str] = frozenset()) -> Callable[[C], C]:
    """Bind a GraphQL class to the view dataclass its resolvers return.

    Every plain field must exist in the view, and must be `Disclosed[...] | None` there unless it is a global id, a
    nested view, or named in `public` (codes and versions that say nothing about a person). Use `public={"*"}` only
    for views without case data. Fails at import otherwise: a leak by a forgotten wrapper cannot start.
    """

    def bind(cls: C) -> C:
        hints = get_type_hints(view)
        resolved = {name for name, value in vars(cls).items() if getattr(value, "base_resolver", None)}
        for name in vars(cls).get("__annotations__", {}):
            if name == "id" or name in resolved:
                continue
            if name not in hints:
                raise TypeError(f"{view.__name__} has no {name}")
            if "*" not in public and name not in public and not _safe(hints[name]):
                raise TypeError(f"{view.__name__}.{name} must be Disclosed[...] | None")
        if not dataclasses.is_dataclass(view):
            raise TypeError(f"{view.__name__} is not a dataclass")
        cls.is_type_of = staticmethod(lambda obj, _info: isinstance(obj, view))  # type: ignore[attr-defined] # for Strawberry to find
        VIEWS[cls.__name__] = view
        if "*" not in public:
            CASE_DATA.add(cls.__name__)
        return cls

    return bind


def _safe(hint: Any) -> bool:
    if get_origin(hint) in (Union, types.UnionType):
        return all(part is type(None) or _safe(part) for part in get_args(hint))
    if get_origin(hint) in (tuple, list):
        return all(part is Ellipsis or _safe(part) for part in get_args(hint))
    if get_origin(hint) is Disclosed:
        return True
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


@strawberry.enum(description="Languages in which everything a person reads exists.")
class Language(Enum):
    """Language tags."""

    ZH_HANT = strawberry.enum_value("zh-Hant", description="Traditional Chinese.")
    EN = strawberry.enum_value("en", description="English.")
    KO = strawberry.enum_value("ko", description="Korean.")


def _id_field(root: Any, info: strawberry.Info) -> strawberry.ID:
    return strawberry.ID(gid(info._raw_info.parent_type.name, root.id))


@strawberry.interface(description="Anything that has a global id and can be fetched again with `node(id)`.")
class Node:
    """Relay's Node."""

    id: strawberry.ID = strawberry.field(resolver=_id_field, description="Opaque, stable, unguessable.")


@strawberry.type(description="Where a page of a connection stands.")
class PageInfo:
    """Relay's PageInfo, forward only."""

    has_next_page: bool = strawberry.field(description="Whether there is more after `endCursor`.")
    end_cursor: str | None = strawberry.field(description="Give it as `after` to read on; null on an empty page.")


@strawberry.type(name="Edge", description="One item of a page and its cursor.")
class Edge(Generic[T]):
    """Relay's Edge."""

    cursor: str = strawberry.field(description="Opaque position of this item.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(name="Connection", description="One page of a list, cut by what the caller may see.")
class Connection(Generic[T]):
    """Relay's Connection; hidden rows are neither listed nor counted."""

    edges: list[Edge[T]] = strawberry.field(description="The items of this page in order.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    total_count: int | None = strawberry.field(
        description="How many there are in all that the caller may see, counted to 1,001 at most; null if not asked."
    )


Pure = Callable[[Any, Any, dict[str, Any]], Any]
"""A resolver without I/O: (source, context, arguments) -> value. The executor's plans may call it directly."""


def pure(resolve: Pure, resolver: Callable[..., Any], description: str, **more: Any) -> Any:
    """A field whose resolver does no I/O. `resolver` has its GraphQL signature, `resolve` does the work for both."""
    return strawberry.field(resolver=resolver, description=description, metadata={PURE: resolve}, **more)


PURE = "hub.pure"


def pick_name(source: Any, context: Any, arguments: dict[str, Any]) -> str:
    """The name in the language asked for, else in the request's; the official one where there is none."""
    wanted = arguments.get("lang")
    name: str = source.names.get(wanted.value if wanted is not None else context.lang) or source.name
    return name


def _name(root: Any, info: strawberry.Info, lang: Language | None = None) -> str:
    return pick_name(root, info.context, {"lang": lang})


def localized(description: str) -> Any:
    """`name(lang)` over a view's `name` and `names`."""
    return pure(pick_name, _name, description)


def page(items: Sequence[Any], cursors: Sequence[str], *, more: bool, total: int | None = None) -> Any:
    """A connection of views."""
    return Connection(
        edges=[Edge(cursor=cursor, node=item) for item, cursor in zip(items, cursors, strict=True)],
        page_info=PageInfo(has_next_page=more, end_cursor=cursors[-1] if cursors else None),
        total_count=total,
    )


def first_of(first: int) -> int:
    """`first` within 1 and 100; anything else is an invalid input."""
    if not 1 <= first <= MOST:
        raise InvalidInput(FieldError("first", "page_size"))
    return first


MOST = 100


def enum(cls: type[Enum], description: str, **values: str) -> None:
    """Make a domain enumeration a GraphQL enum, every value described; done once, where the terms are."""
    missing = {member.name for member in cls} - set(values)
    if missing:
        raise TypeError(f"{cls.__name__}: no description for {sorted(missing)}")
    definition: Any = strawberry.enum(cls, description=description)
    for value in definition.__strawberry_definition__.values:
        value.description = values[value.name]

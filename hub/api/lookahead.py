"""What an operation selects below a field, so that one statement can fetch exactly that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_directive_values,
)

from .context import Info
from .plans import MOST


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names of the fields selected, by dotted path below the field asked about: neither what @skip and @include leave
    out nor `__typename`, which tells nothing of anything."""

    paths: dict[str, frozenset[str]]

    def under(self, path: str) -> frozenset[str]:
        """The fields selected directly under a path; `""` is the field itself."""
        return self.paths.get(path, frozenset())

    def attributes(self, path: str) -> frozenset[str]:
        """`under`, as the views call them."""
        return _attributes(self.under(path))


_CAPITAL = re.compile("[A-Z]")


@lru_cache(maxsize=256)
def _attributes(names: frozenset[str]) -> frozenset[str]:
    return frozenset(_CAPITAL.sub(lambda found: f"_{found[0].lower()}", name) for name in names)


def wanted(info: Info) -> Wanted:
    """The selection below the field being resolved; looked at once a document and way its directives stand."""
    raw: GraphQLResolveInfo[Any] = info._raw_info
    plans = info.context.plans
    key = (*[id(node) for node in raw.field_nodes], *plans.turned(raw.variable_values.coerced))
    found: Wanted | None = plans.seen.get(key)
    if found is None:
        found = _wanted(raw)
        if len(plans.seen) < MOST:
            plans.seen[key] = found
    return found


def _wanted(raw: GraphQLResolveInfo[Any]) -> Wanted:
    found: dict[str, set[str]] = {}
    for node in raw.field_nodes:
        if node.selection_set is not None:
            _collect(raw, node.selection_set, "", found)
    return Wanted({path: frozenset(names) for path, names in found.items()})


def _collect(raw: GraphQLResolveInfo[Any], selections: SelectionSetNode, path: str, found: dict[str, set[str]]) -> None:
    here = found.setdefault(path, set())
    for node in selections.selections:
        if node.directives and not _included(raw, node):
            continue
        if isinstance(node, FieldNode):
            name = node.name.value
            if name.startswith("__"):
                continue
            here.add(name)
            if node.selection_set is not None:
                _collect(raw, node.selection_set, f"{path}.{name}" if path else name, found)
        elif isinstance(node, InlineFragmentNode):
            _collect(raw, node.selection_set, path, found)
        elif isinstance(node, FragmentSpreadNode):
            _collect(raw, raw.fragments[node.name.value].selection_set, path, found)


def _included(raw: GraphQLResolveInfo[Any], node: Any) -> bool:
    """Whether the directives of a node leave it in, under this request's variables."""
    skip = get_directive_values(GraphQLSkipDirective, node, raw.variable_values)
    include = get_directive_values(GraphQLIncludeDirective, node, raw.variable_values)
    return not (skip and skip["if"]) and not (include and not include["if"])

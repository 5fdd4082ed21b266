"""What an operation selects below a field, so that one statement can fetch exactly that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, InlineFragmentNode, SelectionSetNode

from .context import Info


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names of the fields selected, by dotted path below the field asked about. Directives are taken as included."""

    paths: dict[str, frozenset[str]]

    def under(self, path: str) -> frozenset[str]:
        """The fields selected directly under a path; `""` is the field itself."""
        return self.paths.get(path, frozenset())

    def attributes(self, path: str) -> frozenset[str]:
        """`under`, as the views call them."""
        return frozenset(_CAPITAL.sub(lambda found: f"_{found[0].lower()}", name) for name in self.under(path))


_CAPITAL = re.compile("[A-Z]")


def wanted(info: Info) -> Wanted:
    """The selection below the field being resolved; looked at once a document."""
    raw: GraphQLResolveInfo[Any] = info._raw_info
    seen: dict[tuple[int, ...], Wanted] = info.context.plans.seen
    key = tuple([id(node) for node in raw.field_nodes])
    if key not in seen:
        seen[key] = _wanted(raw)
    return seen[key]


def _wanted(raw: GraphQLResolveInfo[Any]) -> Wanted:
    found: dict[str, set[str]] = {}
    for node in raw.field_nodes:
        if node.selection_set is not None:
            _collect(raw, node.selection_set, "", found)
    return Wanted({path: frozenset(names) for path, names in found.items()})


def _collect(raw: GraphQLResolveInfo[Any], selections: SelectionSetNode, path: str, found: dict[str, set[str]]) -> None:
    here = found.setdefault(path, set())
    for node in selections.selections:
        if isinstance(node, FieldNode):
            name = node.name.value
            here.add(name)
            if node.selection_set is not None:
                _collect(raw, node.selection_set, f"{path}.{name}" if path else name, found)
        elif isinstance(node, InlineFragmentNode):
            _collect(raw, node.selection_set, path, found)
        elif isinstance(node, FragmentSpreadNode):
            _collect(raw, raw.fragments[node.name.value].selection_set, path, found)

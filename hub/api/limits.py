"""Limits on an operation somebody outside wrote: tokens, depth, aliases, fields; checked once a document."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import DocumentNode, FieldNode, FragmentSpreadNode, GraphQLError, InlineFragmentNode, SelectionSetNode
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an operation may be. Counts are of the operation with every fragment written out.

    They are looked at before the operation is validated, which compares every pair of fields of one response name.
    """

    bytes: int = 100_000
    tokens: int = 2_000
    depth: int = 12
    aliases: int = 30
    root_fields: int = 20
    fields: int = 500
    repeats: int = 10
    """Fields of one response name in one selection."""
    directives: int = 20


LIMITS = Limits()
PAGE = 100
"""Items a page holds at most."""


class _TooLargeError(Exception):
    pass


def check(document: DocumentNode, limits: Limits = LIMITS) -> list[GraphQLError]:
    """Errors if the document is larger than the limits. It need not be valid: what names no fragment is passed over."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    for node in document.definitions:  # a fragment nobody uses is validated as well, so it is counted as well
        if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
            try:
                _Walk(fragments, limits).over(node)
            except _TooLargeError as problem:
                return [GraphQLError(f"The operation is too large: {problem}.", extensions={"code": "too_large"})]
    return []


class _Walk:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode], limits: Limits) -> None:
        self.fragments, self.limits = fragments, limits
        self.fields = self.aliases = self.directives = 0
        self.inside = list[str]()

    def over(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> None:
        self.directives += len(node.directives or ())
        self._selections([node.selection_set], 1)

    def _selections(self, found: list[SelectionSetNode], depth: int) -> None:
        """Selections of one place: those of all its fields of one response name are one selection in the end."""
        if depth > self.limits.depth:
            raise _TooLargeError(f"deeper than {self.limits.depth}")
        below: dict[str, list[FieldNode]] = {}
        for selection_set in found:
            self._flat(selection_set, below)
        if depth == 1 and sum(map(len, below.values())) > self.limits.root_fields:
            raise _TooLargeError(f"more than {self.limits.root_fields} root fields")
        for name, fields in below.items():
            if len(fields) > self.limits.repeats:
                raise _TooLargeError(f"{name} more than {self.limits.repeats} times in one place")
            inner = [field.selection_set for field in fields if field.selection_set is not None]
            if inner:
                self._selections(inner, depth + 1)

    def _flat(self, found: SelectionSetNode, into: dict[str, list[FieldNode]]) -> None:
        """The fields of a selection with its fragments written out, by response name."""
        for node in found.selections:
            self.directives += len(node.directives or ())
            if self.directives > self.limits.directives:
                raise _TooLargeError(f"more than {self.limits.directives} directives")
            if isinstance(node, FieldNode):
                self._count(node.alias is not None)
                into.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                self._flat(node.selection_set, into)
            elif isinstance(node, FragmentSpreadNode):
                self._spread(node.name.value, into)

    def _spread(self, name: str, into: dict[str, list[FieldNode]]) -> None:
        if name in self.inside or len(self.inside) >= self.limits.depth:
            raise _TooLargeError("fragments inside one another")
        if name not in self.fragments:
            self._count(0)  # validation will refuse it; until then it counts
            return
        self.inside.append(name)
        self._flat(self.fragments[name].selection_set, into)
        self.inside.pop()

    def _count(self, aliased: int) -> None:
        self.fields += 1
        self.aliases += aliased
        if self.fields > self.limits.fields:
            raise _TooLargeError(f"more than {self.limits.fields} fields")
        if self.aliases > self.limits.aliases:
            raise _TooLargeError(f"more than {self.limits.aliases} aliases")

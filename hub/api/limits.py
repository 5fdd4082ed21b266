"""Limits on an operation somebody outside wrote: tokens, depth, aliases, fields; checked once a document."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import DocumentNode, FieldNode, FragmentSpreadNode, GraphQLError, InlineFragmentNode, SelectionSetNode
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an operation may be. Counts are of the operation with every fragment written out."""

    bytes: int = 100_000
    tokens: int = 2_000
    depth: int = 12
    aliases: int = 30
    root_fields: int = 20
    fields: int = 1_000
    directives: int = 20


LIMITS = Limits()
PAGE = 100
"""Items a page holds at most."""


class _TooLargeError(Exception):
    pass


def check(document: DocumentNode, limits: Limits = LIMITS) -> list[GraphQLError]:
    """Errors if the document is larger than the limits; call it after validation, which refuses fragment cycles."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            try:
                _Walk(fragments, limits).over(node)
            except _TooLargeError as problem:
                return [GraphQLError(f"The operation is too large: {problem}.", extensions={"code": "too_large"})]
    return []


class _Walk:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode], limits: Limits) -> None:
        self.fragments, self.limits = fragments, limits
        self.fields = self.aliases = self.directives = 0

    def over(self, operation: OperationDefinitionNode) -> None:
        if len(operation.selection_set.selections) > self.limits.root_fields:
            raise _TooLargeError(f"more than {self.limits.root_fields} root fields")
        self.directives += len(operation.directives or ())
        self._selections(operation.selection_set, 1)

    def _selections(self, found: SelectionSetNode, depth: int) -> None:
        if depth > self.limits.depth:
            raise _TooLargeError(f"deeper than {self.limits.depth}")
        for node in found.selections:
            self.directives += len(node.directives or ())
            if self.directives > self.limits.directives:
                raise _TooLargeError(f"more than {self.limits.directives} directives")
            if isinstance(node, FieldNode):
                self._field(node, depth)
            elif isinstance(node, InlineFragmentNode):
                self._selections(node.selection_set, depth)
            elif isinstance(node, FragmentSpreadNode):
                self._selections(self.fragments[node.name.value].selection_set, depth)

    def _field(self, node: FieldNode, depth: int) -> None:
        self.fields += 1
        self.aliases += node.alias is not None
        if self.fields > self.limits.fields:
            raise _TooLargeError(f"more than {self.limits.fields} fields")
        if self.aliases > self.limits.aliases:
            raise _TooLargeError(f"more than {self.limits.aliases} aliases")
        if node.selection_set is not None:
            self._selections(node.selection_set, depth + 1)

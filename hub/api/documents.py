"""Operations: the trusted ones of graphql/operations, and outsiders' own, each parsed and validated once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    get_operation_ast,
    parse,
    print_ast,
    specified_rules,
    validate,
    visit,
)
from graphql.validation import NoSchemaIntrospectionCustomRule

from .limits import LIMITS, check
from .plans import Plans

KEPT = 500
"""Outsiders' documents remembered; the least recently used is forgotten first."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document and the plans of its selections, or why it cannot run."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    plans: Plans | None = None

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one."""
        return None if self.node is None else get_operation_ast(self.node, name)


def folder() -> Path:
    """Where the contract lies: beside the packages in a checkout, inside `hub` when installed."""
    here = Path(__file__).resolve().parents[1]
    beside = here.parent / "graphql"
    return beside if (beside / "operations").is_dir() else here / "_graphql"


class Documents:
    """Both kinds, for one schema."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self._schema = schema
        self._rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._suggestions = introspection
        self._recent: OrderedDict[str, Document] = OrderedDict()
        self.trusted = dict(_trusted(schema))
        self.sources: dict[str, str] = {}

    def text(self, name: str) -> str:
        """The source of a trusted operation with its fragments: what its example tab shows."""
        node = self.trusted[name].node
        assert node is not None
        return "\n\n".join(print_ast(definition) for definition in node.definitions)

    def outside(self, query: str) -> Document:
        """An outsider's document, within limits; errors are part of the answer and remembered too."""
        found = self._recent.get(query)
        if found is not None:
            self._recent.move_to_end(query)
            return found
        found = self._recent[query] = self._parse(query)
        if len(self._recent) > KEPT:
            self._recent.popitem(last=False)
        return found

    def _parse(self, query: str) -> Document:
        if "\x00" in query or "\\u0000" in query or "\\u{0" in query:  # as in variables: see hub.api.run
            return Document(None, (GraphQLError("The operation holds control characters."),))
        try:
            node = parse(query, max_tokens=LIMITS.tokens)
        except GraphQLSyntaxError as problem:
            return Document(None, (problem,))
        except RecursionError:
            return Document(None, (GraphQLError("The operation is too large: nested too deeply."),))
        errors = [] if self._suggestions and _asks_of_the_contract(node) else check(node)
        if not errors:
            errors = validate(self._schema, node, self._rules, max_errors=5, hide_suggestions=not self._suggestions)
        return Document(None, tuple(errors)) if errors else Document(node, (), Plans(node))


@lru_cache(maxsize=1)
def _trusted(schema: GraphQLSchema) -> dict[str, Document]:
    """The operations of the contract by name, read and validated once a process."""
    found: dict[str, Document] = {}
    texts = [path.read_text("utf-8") for path in sorted((folder() / "operations").glob("*.graphql"))]
    whole = parse("\n".join(texts)) if texts else DocumentNode(definitions=())
    shared = {node.name.value: node for node in whole.definitions if isinstance(node, FragmentDefinitionNode)}
    for node in whole.definitions:
        if isinstance(node, OperationDefinitionNode) and node.name is not None:
            spreads = _Spreads(shared)
            visit(node, spreads)
            document = DocumentNode(definitions=(node, *spreads.found.values()))
            errors = validate(schema, document)
            if errors:
                raise ValueError(f"operation {node.name.value}: {errors[0].message}")
            found[node.name.value] = Document(document, (), Plans(document))
    return found


class _Spreads(Visitor):
    """Collects the fragments a node uses, directly and through others."""

    def __init__(self, shared: dict[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self.shared, self.found = shared, dict[str, FragmentDefinitionNode]()

    def enter_fragment_spread(self, spread: FragmentSpreadNode, *_: object) -> None:
        """Follow a spread once."""
        name = spread.name.value
        if name not in self.found:
            self.found[name] = self.shared[name]
            visit(self.shared[name], self)


def _asks_of_the_contract(document: DocumentNode) -> bool:
    """Whether every operation asks for the schema alone: tools ask deeply for it, where introspection is on."""
    asked = [
        selection.name.value if isinstance(selection, FieldNode) else ""
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        for selection in node.selection_set.selections
    ]
    return bool(asked) and all(name in {"__schema", "__type", "__typename"} for name in asked)


def is_mutation(operation: OperationDefinitionNode) -> bool:
    """Whether running it can change something."""
    return operation.operation is OperationType.MUTATION

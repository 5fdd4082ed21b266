"""Selections of plain attributes, each compiled once into one straight function and kept with its document.

A closure for each leaf took 2.7 ms of a page of 50 rows, and making them anew for each request 1.4 ms; the straight
function took 2.0 ms before its leaves were written out, and is made once (docs/decisions/0004-hot-path.md). Only names
of our own schema and the response names of a validated document stand in the text that is compiled; every value comes
in as an object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, cast

from graphql import (
    DocumentNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import get_argument_values
from graphql.language import DirectiveNode, FieldNode
from graphql.type import GraphQLField

from hub.policy.decide import Disclosed

from .describe import PURE, VIEWS, Pure, gid

MOST = 64
"""Plans a document keeps: one for each selection set, and for each way its @skip and @include stand."""
_PLAIN = {
    GraphQLString.name: ("{v}.__class__ is str", "{v}"),
    GraphQLID.name: ("{v}.__class__ is str", "{v}"),
    GraphQLBoolean.name: ("{v}.__class__ is bool", "{v}"),
    GraphQLInt.name: ("{v}.__class__ is int and -2147483648 <= {v} <= 2147483647", "{v}"),
    "DateTime": ("{v}.__class__ is datetime", "{v}.isoformat()"),
}
"""Scalars: when a value is plainly one, and what is answered then; whatever else it is goes through its coercion."""

Plan = Callable[[Any, Any, Any], Any]
"""(view, context, variables) -> the answer. Raises whatever it likes where graphql-core's way would word an error."""


class UnusualError(Exception):
    """A value the plan does not vouch for: run the ordinary way, which words the error."""


class Collector(Protocol):
    """The part of graphql-core's executor a plan is made with."""

    variable_values: Any

    def collect_subfields(self, return_type: GraphQLObjectType, field_details_list: list[FieldDetails]) -> Any:
        """The selected fields by response name."""


class Plans:
    """The plans of one document, and what else is found out once about it."""

    def __init__(self, document: DocumentNode) -> None:
        switches = _Switches()
        visit(document, switches)
        self._switches = tuple(sorted(switches.found))
        self._kept: dict[tuple[object, ...], Plan | None] = {}
        self.seen: dict[tuple[object, ...], Any] = {}
        """What the look-ahead saw below a field, by the ids of its nodes and as `turned`; `MOST` of them."""

    def turned(self, given: dict[str, Any]) -> list[object]:
        """How its @skip and @include stand under these variables. Most documents have none."""
        return [given.get(name) for name in self._switches]

    def of(self, executor: Collector, kind: GraphQLObjectType, details: Sequence[FieldDetails]) -> Plan | None:
        """The plan of a selection under this executor's variables, or None where there must be none."""
        # The nodes are the document's own, and it lives as long as its plans: their ids name them.
        key = (kind.name, *[id(part.node) for part in details], *self.turned(executor.variable_values.coerced))
        if key in self._kept:
            return self._kept[key]
        if len(self._kept) >= MOST:
            return None
        made = self._kept[key] = _Maker(executor).plan(kind, list(details))
        return made


class _Switches(Visitor):
    """Collects the variables that decide whether something is selected."""

    def __init__(self) -> None:
        super().__init__()
        self.found = set[str]()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        """Any directive's: there are few."""
        self.found |= {arg.value.name.value for arg in node.arguments or () if isinstance(arg.value, VariableNode)}


class _NoPlanError(Exception):
    """Something in the selection has a resolver of its own, or is none of our types."""


class _Maker:
    """Writes the functions of one selection; objects they use are numbered names."""

    def __init__(self, executor: Collector) -> None:
        self._executor = executor
        self._names: dict[str, Any] = {
            "Disclosed": Disclosed,
            "UnusualError": UnusualError,
            "gid": _gid,
            "datetime": datetime,
        }
        self._text: list[str] = []
        self._asked: list[tuple[GraphQLField, FieldNode]] = []
        self._memos = 0

    def plan(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Plan | None:
        """The plan of this selection, or None."""
        try:
            name = self._object(kind, details)
        except _NoPlanError:
            return None
        exec(compile("\n".join(self._text), f"<plan of {kind.name}>", "exec"), self._names)  # noqa: S102 - see above
        function, asked, memos = self._names[name], self._asked, self._memos

        def run(source: Any, context: Any, variables: Any) -> Any:
            arguments = [get_argument_values(field, node, variables) for field, node in asked]
            return function(source, context, arguments, [{} for _ in range(memos)])

        return run

    def _name(self, value: object) -> str:
        name = f"x{len(self._names)}"
        self._names[name] = value
        return name

    def _object(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> str:
        """Write the function of an object; its name."""
        grouped, *_ = self._executor.collect_subfields(kind, details)
        lines, answer = [], []
        for number, (response, parts) in enumerate(grouped.items()):
            lines += self._field(kind, parts, f"r{number}")
            answer.append(f"{response!r}: r{number}")
        name = self._name(None)
        body = "\n    ".join([*self._known(kind), *lines, f"return {{{', '.join(answer)}}}"])
        self._text.append(f"def {name}(source, context, arguments, memos):\n    {body}")
        return name

    def _known(self, kind: GraphQLObjectType) -> list[str]:
        """Refuse what is not of this type. The types' own checks look at the class alone: each class is asked once."""
        known = set[type]()
        is_type_of: Callable[[Any, Any], Any] | None = kind.is_type_of  # ours take no info
        if kind.name in VIEWS:
            known.add(VIEWS[kind.name])
        elif is_type_of is None:
            return []

        def learn(source: Any) -> None:
            if is_type_of is None or not is_type_of(source, None):
                raise UnusualError
            known.add(type(source))

        return [f"if source.__class__ not in {self._name(known)}: {self._name(learn)}(source)"]

    def _field(self, kind: GraphQLObjectType, parts: list[FieldDetails], into: str) -> list[str]:
        """Lines that put a field's answer into the local `into`."""
        node = parts[0].node
        if node.name.value == "__typename":
            return [f"{into} = {kind.name!r}"]
        field = kind.fields.get(node.name.value)
        if field is None or any(part.fragment_variable_values for part in parts):
            raise _NoPlanError
        if node.name.value == "id" and any(interface.name == "Node" for interface in kind.interfaces):
            return [f"{into} = gid({kind.name!r}, source.id)"]
        if (attribute := _attribute(field)) is not None:
            read = [f"v = source.{attribute}", "if v.__class__ is Disclosed: v = v.value"]
        elif (resolve := _pure(field)) is not None:
            self._asked.append((field, node))
            read = [f"v = {self._name(resolve)}(source, context, arguments[{len(self._asked) - 1}])"]
        else:
            raise _NoPlanError
        return [*read, *self._complete(field.type, parts, into)]

    def _complete(self, kind: GraphQLOutputType, parts: list[FieldDetails], into: str) -> list[str]:
        """Lines that complete the local `v` into `into`."""
        required = isinstance(kind, GraphQLNonNull)
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(inner, GraphQLScalarType | GraphQLEnumType):
            return [f"{into} = {self._leaf(inner, 'v', required=required)}"]
        nothing = "raise UnusualError" if required else f"{into} = None"
        if isinstance(inner, GraphQLList):
            each = self._each(inner.of_type, parts)
            alike = "elif v.__class__ is not list and not isinstance(v, (list, tuple)): raise UnusualError"
            return [f"if v is None: {nothing}", alike, f"else: {into} = [{each} for i in v]"]
        if not isinstance(inner, GraphQLObjectType):
            raise _NoPlanError
        made = self._object(inner, parts)
        memo = f"memos[{self._memos}]"
        self._memos += 1
        return [  # a page names the same agency over and over; the memo keeps the view, so its id stays taken
            f"if v is None: {nothing}",
            "else:",
            f"    m = {memo}.get(id(v))",
            f"    if m is None: m = {memo}[id(v)] = (v, {made}(v, context, arguments, memos))",
            f"    {into} = m[1]",
        ]

    def _each(self, kind: GraphQLOutputType, parts: list[FieldDetails]) -> str:
        """The expression that completes the item `i` of a list."""
        required = isinstance(kind, GraphQLNonNull)
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(inner, GraphQLScalarType | GraphQLEnumType):
            return self._leaf(inner, "i", required=required)
        if not isinstance(inner, GraphQLObjectType):
            raise _NoPlanError
        missing = f"{self._name(_missing)}()" if required else "None"
        return f"{missing} if i is None else {self._object(inner, parts)}(i, context, arguments, memos)"

    def _leaf(self, kind: GraphQLLeafType, value: str, *, required: bool) -> str:
        words: dict[Any, Any] = {}
        complete = f"{self._name(_completed(kind, words, required=required))}({value})"
        if isinstance(kind, GraphQLEnumType):  # a member is worded once
            return f"{self._name(words)}.get({value}) or {complete}"
        plain = _PLAIN.get(kind.name)
        return complete if plain is None else f"{plain[1]} if {plain[0]} else {complete}".format(v=value)


def _gid(kind: str, key: Any) -> str:
    return gid(kind, key)


def _missing() -> Any:
    raise UnusualError


def _completed(kind: GraphQLLeafType, words: dict[Any, Any], *, required: bool) -> Callable[[Any], Any]:
    """A leaf's own coercion, null handled; what an enumeration's members are called is kept in `words`."""
    coerce, named = kind.coerce_output_value, isinstance(kind, GraphQLEnumType)

    def complete(value: Any) -> Any:
        if value is None:
            if required:
                raise UnusualError
            return None
        done = coerce(value)
        if done is None or done is Undefined:
            raise UnusualError
        if named:
            words[value] = done
        return done

    return complete


def _attribute(field: GraphQLField) -> str | None:
    """The attribute a field reads, or None if it has a resolver, arguments or extensions of its own."""
    ours = (field.extensions or {}).get("strawberry-definition")
    if ours is None or field.args or ours.base_resolver is not None or ours.extensions:
        return None
    return cast(str, ours.python_name)


def _pure(field: GraphQLField) -> Pure | None:
    ours = (field.extensions or {}).get("strawberry-definition")
    return None if ours is None else ours.metadata.get(PURE)

"""Executor with a fast path: a selection that only reads attributes becomes a plan, run without further machinery.

Anything unusual goes through graphql-core unchanged; the two are proved equal by test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    Undefined,
)
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from graphql.type import GraphQLField, GraphQLResolveInfo

from hub.policy.decide import Disclosed

from .describe import PURE, Pure, gid, read

Plan = Callable[[Any], Any]


class _UnusualError(Exception):
    """A value the plan does not vouch for: run the ordinary way, which words the error."""


def _attribute(field: GraphQLField) -> str | None:
    """The attribute a field reads, or None if it has a resolver, arguments or extensions of its own."""
    ours = (field.extensions or {}).get("strawberry-definition")
    if ours is None or field.args or ours.base_resolver is not None or ours.extensions:
        return None
    return cast(str, ours.python_name)


class SerialExecutor(ExecutorThrowingOnIncremental):
    """graphql-core's executor, root fields one after another: they share one connection, and a field that fails must
    not cancel a sibling in the middle of a statement."""

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,  # noqa: ARG002 - always
        position_context: Any,
    ) -> Any:
        """As a mutation's: in order."""
        return super().execute_root_grouped_field_set(root_type, root_value, grouped_field_set, True, position_context)


class PlannedExecutor(SerialExecutor):
    """graphql-core's executor, with plans for subtrees of plain attributes."""

    _plans: dict[tuple[GraphQLObjectType, int], tuple[Any, Plan | None]]

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """A planned subtree in one go; otherwise as graphql-core does."""
        plan = self._plan(return_type, field_details_list)
        if plan is not None:
            try:
                return plan(result)
            except Exception:  # noqa: S110 - the ordinary path raises it again, located and worded
                pass
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

    def _plan(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Plan | None:
        plans = self.__dict__.setdefault("_plans", {})
        key = (kind, id(details))
        found = plans.get(key)
        if found is None:
            found = plans[key] = (details, self._make(kind, details))  # keeps `details`, so its id stays taken
        return cast("Plan | None", found[1])

    def _make(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Plan | None:
        if self.middleware_manager is not None or self.abort_signal is not None:
            return None
        grouped, *_ = self.collect_subfields(kind, details)
        steps: list[tuple[str, Plan]] = []
        for name, field_details in grouped.items():
            field_name = field_details[0].node.name.value
            if field_name == "__typename":
                steps.append((name, _constant(kind.name)))
                continue
            field = kind.fields.get(field_name)
            if field is None:
                return None
            if field_name == "id" and any(interface.name == "Node" for interface in kind.interfaces):
                steps.append((name, _global_id(kind.name)))
                continue
            completer = self._completer(field.type, field_details)
            if completer is None:
                return None
            if (attribute := _attribute(field)) is not None:
                steps.append((name, _read_leaf(attribute, field.type) or _read(attribute, completer)))
            elif (resolve := _pure(field)) is not None:
                arguments = get_argument_values(field, field_details[0].node, self.variable_values)
                steps.append((name, _resolved(resolve, self.context_value, arguments, completer)))
            else:
                return None
        is_type_of = kind.is_type_of

        def run(source: Any) -> dict[str, Any]:
            if is_type_of is not None and not is_type_of(source, None):  # type: ignore[arg-type]
                raise _UnusualError
            return {name: complete(source) for name, complete in steps}

        return run

    def _completer(self, kind: GraphQLOutputType, details: list[FieldDetails]) -> Plan | None:
        if isinstance(kind, GraphQLNonNull):
            inner = self._completer(kind.of_type, details)
            return inner and _never_null(inner)
        if isinstance(kind, GraphQLList):
            item = self._completer(kind.of_type, details)
            return item and _each(item)
        if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
            return _leaf(kind.coerce_output_value)
        if isinstance(kind, GraphQLObjectType):
            nested = self._make(kind, details)
            return nested and _nullable(nested)
        return None


def _pure(field: GraphQLField) -> Pure | None:
    ours = (field.extensions or {}).get("strawberry-definition")
    return None if ours is None else ours.metadata.get(PURE)


def _resolved(resolve: Pure, context: Any, arguments: dict[str, Any], complete: Plan) -> Plan:
    return lambda source: complete(resolve(source, context, arguments))


def _read(attribute: str, complete: Plan) -> Plan:
    return lambda source: complete(read(source, attribute))


def _read_leaf(attribute: str, kind: GraphQLOutputType) -> Plan | None:
    """`_read` of a leaf in one call: most of what a page holds."""
    required = isinstance(kind, GraphQLNonNull)
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if not isinstance(inner, GraphQLScalarType | GraphQLEnumType):
        return None
    coerce = _coercion(inner)

    def leaf(source: Any) -> Any:
        value = getattr(source, attribute)
        if type(value) is Disclosed:
            value = value.value
        if value is None:
            if required:
                raise _UnusualError
            return None
        done = coerce(value)
        if done is None or done is Undefined:
            raise _UnusualError
        return done

    return leaf


def _coercion(kind: GraphQLScalarType | GraphQLEnumType) -> Callable[[Any], Any]:
    """A leaf's own coercion; the name of an enumeration's member is looked for once."""
    if isinstance(kind, GraphQLScalarType):
        return kind.coerce_output_value
    names: dict[Any, str] = {}

    def name(value: Any) -> Any:
        found = names.get(value)
        if found is None:
            found = names[value] = kind.coerce_output_value(value)
        return found

    return name


def _constant(text: str) -> Plan:
    return lambda _source: text


def _global_id(kind: str) -> Plan:
    return lambda source: gid(kind, source.id)


def _never_null(inner: Plan) -> Plan:
    def complete(value: Any) -> Any:
        done = inner(value)
        if done is None:
            raise _UnusualError
        return done

    return complete


def _each(item: Plan) -> Plan:
    def complete(values: Any) -> Any:
        if values is None:
            return None
        if not isinstance(values, list | tuple):
            raise _UnusualError
        return [item(value) for value in values]

    return complete


def _leaf(coerce: Callable[[Any], Any]) -> Plan:
    def complete(value: Any) -> Any:
        if value is None:
            return None
        done = coerce(value)
        if done is None or done is Undefined:
            raise _UnusualError
        return done

    return complete


def _nullable(nested: Plan) -> Plan:
    held, made = None, None  # a page names the same agency over and over: views are frozen, so one answer serves

    def complete(value: Any) -> Any:
        nonlocal held, made
        if value is None:
            return None
        if value is not held:
            made = nested(value)
            held = value
        return made

    return complete

"""Executor with a fast path: a selection that only reads attributes runs as a plan, without further machinery.

Anything unusual goes through graphql-core unchanged; the two are proved equal by test.
"""

from __future__ import annotations

from typing import Any

from graphql import GraphQLObjectType, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetails, GroupedFieldSet
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.pyutils import Path


class SerialExecutor(ExecutorThrowingOnIncremental):
    """graphql-core's executor, root fields one after another: they share one connection, and a field that fails must
    not cancel a sibling in the middle of a statement."""

    def execute_root_grouped_field_set(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        _serially: bool,
        position_context: Any,
    ) -> Any:
        """As a mutation's: in order, whatever is asked."""
        return super().execute_root_grouped_field_set(root_type, root_value, grouped_field_set, True, position_context)


class PlannedExecutor(SerialExecutor):
    """graphql-core's executor, with the document's plans (`Context.plans`) for subtrees of plain attributes."""

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
        if self.middleware_manager is None and self.abort_signal is None:
            plan = self.context_value.plans.of(self, return_type, field_details_list)
            if plan is not None:
                try:
                    return plan(result, self.context_value, self.variable_values)
                except Exception:  # noqa: S110 - the ordinary path raises it again, located and worded
                    pass
        return super().complete_object_value(return_type, field_details_list, info, path, result, position_context)

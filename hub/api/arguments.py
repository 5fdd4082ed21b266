"""What each argument of the API means: said once by its name, and by its field where a name means something else."""

from __future__ import annotations

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from .limits import PAGE

MEANING = {
    "input": "What is to be done; nothing of it is, where the answer is a problem.",
    "first": f"How many items at most, 1 to {PAGE}.",
    "after": "`endCursor` of the page before, or the `cursor` of any item; the first page without.",
    "id": "The global `id`, as read. One that does not exist and one that is hidden answer alike.",
    "lang": "In this language; in the official one where there is no name in it.",
    "need": "Code of a need (the duty map: `needs`).",
    "network": "Code of a network: `health`, `labour`, `education` and the others of the duty map.",
    "area": "Code of a county or township (`areas`).",
    "inside": "Code of an area: only it and the areas within.",
    "caseId": "The `id` of the case.",
    "text": "Words to look for, Chinese, Korean or English; empty: everything.",
    "filter": "What narrows further; parts left out do not.",
    "by": "What the counts are grouped by.",
    "which": "Which services, by what became of them in the round.",
    "agencyId": "The `id` of the agency; without it every one the caller may see.",
    "Query.colleagues.agencyId": "The `id` of the agency.",
    "Query.areas.parent": "Code of the area whose parts are wanted; without it the counties.",
    "Query.serviceFacets.of": "The facets wanted, by name.",
    "Query.roundParts.openOnly": "Only those that have services without an answer.",
    "Query.roundTasks.organizationId": "Services of this organization alone.",
    "Query.compareRounds.earlier": "The `id` of the closed round to compare with.",
    "Query.compareRounds.later": "The `id` of the closed round that came after it.",
    "Query.roundResult.form": "The kind of file.",
    "Query.importRemarks.file": "Remarks of this file alone, as `report.counts` names it.",
    "Query.importRemarks.code": "Remarks of this kind alone, by code.",
    "Query.keptAside.entity": "Rows of this entity alone, as `keptAsideCounts` names it.",
    "Query.keptAside.ofSource": "Rows of this source alone.",
    "Query.editableOrganization.id": "Its id in the directory; without it, one's own agency.",
    "Query.serviceChange.changeId": "The `id` of the change, as its history names it.",
    "Query.unmappedTerms.chosen": "Those that already have a meaning, to change it; else those without one.",
    "Query.gaps.kind": "Areas of this `kind` alone; then a county's gap does not stand for its townships.",
    "Query.gaps.months": "Unmet referrals of this many months that have ended: 3, 6 or 12.",
    "Query.coverageTrend.before": "The `id` of the round it is compared with.",
    "Query.coverageTrend.after": "The `id` of a later round; without it, what stands today.",
    "Query.meetingSlots.before": "The meeting begins before this moment.",
    "Query.meetingSlots.agencies": "Who is asked, and who must be there.",
    "Query.meetingSlots.minutes": "How long the meeting lasts.",
    "Query.matchServices.urgency": "How soon an answer is needed.",
    "Query.matchServices.language": "A language the person speaks (ISO 639).",
    "Query.matchServices.accessibility": "What the person cannot do without.",
    "Query.matchServices.age": "Years of age.",
    "Query.matchServices.gender": "The person's gender, where a service may be for one alone.",
    "Query.matchServices.act": "The act help is given under, where a service may be for one alone.",
    "Query.matchServices.nationality": "The person's nationality, where a service may be for some alone.",
    "Query.auditEntries.action": "Entries of this action alone, as `action` names it.",
    "InventorySheet.rows.outcome": "Rows with this outcome alone.",
}
"""By the argument's name, or by `Type.field.argument`, which goes before it."""


def describe_arguments(schema: GraphQLSchema) -> None:
    """Give every argument of a schema its description; one that has its own keeps it."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                for argument, found in field.args.items():
                    meant = MEANING.get(f"{kind.name}.{name}.{argument}", MEANING.get(argument))
                    found.description = found.description or meant

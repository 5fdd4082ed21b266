"""What codes of case work are called on pages: states, ranking reasons, clocks, articles; `naming` has the rest."""

from __future__ import annotations

import re

from directory.taxonomy import NEEDS, NETWORKS
from hub.base.clocks import zone
from hub.base.texts import catalogue, mark
from scheduling.clocks import CLOCKS

from .dates import as_moment
from .naming import ACTS, BASES, OPERATIONS, REPORT_STATES, WITHHELD

__all__ = ["ACTS", "BASES", "OPERATIONS", "REPORT_STATES", "WITHHELD"]

CASE_STATE = {"open": mark("Open"), "closed": mark("Closed")}

MEETING_STATE = {
    "called": mark("Called"),
    "held": mark("Held, minutes not final"),
    "final": mark("Minutes final"),
    "cancelled": mark("Cancelled"),
}
MEETING_TONE = {"called": "", "held": "warm", "final": "good", "cancelled": "plain"}
RISK_TONE = {"HIGH": "danger", "MEDIUM": "warm", "STANDARD": "", "UNASSESSED": "plain"}
REFERRAL_TONE = {"REQUESTED": "", "ACCEPTED": "good", "REJECTED": "danger", "RETURNED": "danger", "COMPLETED": "good"}
RSVP_TONE = {"ACCEPTED": "good", "DECLINED": "danger", "TENTATIVE": "warm", "NEEDS_ACTION": "plain"}
SLOT = {
    "everyone_free": mark("Everybody is free"),
    "required_free": mark("All who must come are free"),
    "required_missing": mark("Somebody who must come is not free"),
    "optional_missing": mark("Somebody who may come is not free"),
}
SLOT_TONE = {"everyone_free": "good", "required_free": "", "required_missing": "danger", "optional_missing": "warm"}
MATCH = {
    "mandate": mark("Owes this by law: %(detail)s"),
    "covers_area": mark("Serves exactly this place"),
    "covers_county": mark("Serves the whole county"),
    "elsewhere": mark("Serves another place"),
    "distance": mark("About %(detail)s km away"),
    "distance_unknown": mark("Distance not known"),
    "capacity_free": mark("%(detail)s places free"),
    "capacity_unknown": mark("Free places not known"),
    "capacity_stale": mark("Free places last said %(detail)s days ago"),
    "open_now": mark("Open now"),
    "closed_now": mark("Closed now"),
    "language_spoken": mark("Speaks the language"),
    "language_missing": mark("Does not speak the language"),
    "accessible": mark("Accessible as needed"),
    "accessible_unknown": mark("Accessibility not known"),
    "act_named": mark("For victims under this act"),
    "act_other": mark("For victims under another act"),
    "nationality_named": mark("For people of this nationality"),
    "nationality_other": mark("For people of another nationality"),
    "answers_quickly": mark("Its agency mostly answers within %(detail)s h"),
    "answers_slowly": mark("Its agency mostly takes more than %(detail)s h to answer"),
    "not_in_hub": mark("Takes no referrals here: to be called"),
}
WEIGHTS = {
    "mandate": mark("Owes the need by law"),
    "area": mark("Serves exactly the place"),
    "county": mark("Serves the whole county"),
    "part": mark("Serves a part of the place"),
    "elsewhere": mark("Serves a near place"),
    "per_km": mark("Each kilometre away"),
    "most_km": mark("Kilometres counted at most, and where the distance is not known"),
    "capacity_free": mark("Has places free"),
    "capacity_unknown": mark("Free places not known"),
    "capacity_stale": mark("Free places said too long ago"),
    "open_now": mark("Open now, when help is urgent"),
    "closed_now": mark("Closed now, when help is urgent"),
    "language_spoken": mark("Speaks the language"),
    "language_missing": mark("Does not speak the language"),
    "accessible": mark("Accessible as needed"),
    "accessible_unknown": mark("Accessibility not known"),
    "act_named": mark("Names the act the case goes by"),
    "act_other": mark("Names another act"),
    "nationality_named": mark("Names the person's nationality"),
    "nationality_other": mark("Names another nationality"),
    "answers_quickly": mark("Mostly answers quickly"),
    "answers_slowly": mark("Mostly answers slowly"),
    "quick_hours": mark("Quickly: within this many hours"),
    "slow_hours": mark("Slowly: after more hours than this"),
    "fewest_answers": mark("Fewest referrals from which a pace is told"),
    "not_in_hub": mark("Takes no referrals through the hub"),
    "elsewhere_areas": mark("Near places looked at when the place itself has too little"),
}
FALLEN = {
    "closed": mark("Closed"),
    "suspended": mark("Suspended"),
    "no_capacity": mark("No place free"),
    "age": mark("Not for this age"),
    "gender": mark("Not for this gender"),
}
ANOTHER = mark("Another query")
"""A door that has no name of its own, as a query somebody wrote."""
LAWS = {
    "DVPA": mark("DVPA"),
    "SHPA": mark("SHPA"),
    "PDPA": mark("PDPA"),
    "ER": mark("ER"),
    "cooperation guideline": mark("cooperation guideline"),
    "good practice": mark("good practice"),
}
"""Names of laws and other grounds as they stand in articles."""
_LAW = re.compile("|".join(rf"\b{name}\b" for name in LAWS))


def clock(code: str, lang: str) -> str:
    """The title of a statutory clock."""
    return CLOCKS[code].title[lang] if code in CLOCKS else code


def clock_article(code: str, lang: str) -> str:
    """The article a clock rests on."""
    return article(CLOCKS[code].article, lang) if code in CLOCKS else ""


def article(text: str, lang: str) -> str:
    """Articles with the laws called as readers call them."""
    texts = catalogue(lang)
    return _LAW.sub(lambda found: texts.gettext(LAWS[found.group()]), text)


def hour(moment: str) -> str:
    """The time of day of a moment, in the zone people read times in."""
    return f"{as_moment(moment).astimezone(zone()):%H:%M}"


def need(code: str, lang: str) -> str:
    """The name of a need of the duty map."""
    return NEEDS[code].names[lang] if code in NEEDS else code


def network(code: str | None, lang: str) -> str:
    """The name of a network."""
    found = NETWORKS.get(code or "")
    return found.names[lang] if found else ""

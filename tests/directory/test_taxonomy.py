"""The duty map is whole and closed, and other vocabularies find their needs."""

from __future__ import annotations

import re

import pytest

from directory.messages import MESSAGES
from directory.taxonomy import LANGUAGES, NEEDS, NETWORKS, map_vocabulary, owes


def test_every_need_is_owed_named_and_founded() -> None:
    for code, need in NEEDS.items():
        assert code == need.code
        assert need.networks
        assert set(need.networks) <= set(NETWORKS)
        assert set(need.names) == set(LANGUAGES)
        assert all(need.names.values())
        assert all(re.fullmatch(r"(SHPA|DVPA|N0090047) \d+(-\d+)?(\(\d+\))*|good practice", a) for a in need.articles)
    assert len({n.names[lang] for n in NEEDS.values() for lang in LANGUAGES}) == len(NEEDS) * len(LANGUAGES)


def test_needs_of_the_law_are_all_there() -> None:
    wanted = (
        "counselling shelter legal_aid financial_aid medical_treatment injury_certificate offender_treatment schooling "
        "workplace_safety vocational_training police_protection prosecution residence_permit household_record "
        "image_removal visitation court_companion hotline rescue case_management interpretation"
    )
    assert set(wanted.split()) <= set(NEEDS)


def test_networks_are_named_in_all_languages() -> None:
    assert all(set(n.names) == set(LANGUAGES) and all(n.names.values()) for n in NETWORKS.values())


@pytest.mark.parametrize(
    ("network", "need", "expected"),
    [("health", "counselling", True), ("police", "counselling", False), (None, "shelter", False), ("ngo", "x", False)],
)
def test_owes(network: str | None, need: str, expected: bool) -> None:
    assert owes(network, need) is expected


@pytest.mark.parametrize(
    ("term", "need"),
    [
        ("BH-1800.1500-100", "shelter"), ("BH-1800.1500", "emergency_placement"), ("RP-1500.1400-200", "hotline"),
        ("RP-1400.8000-020.80", "counselling"), ("RP-1400.8000-020.21", "child_counselling"),
        ("FT-3000.1750", "legal_aid"), ("FT-3000.6900", "protection_order"), ("YB-9500.1500-630", None),
        ("PD-7600.0600", None), ("Domestic Violence Shelters", "shelter"),
        ("Help Escape Violence", "protection_assistance"),
        ("Translation & Interpretation", "interpretation"), ("legal_aid", "legal_aid"), ("Legal Aid", "legal_aid"),
        ("法律服務", "legal_aid"), ("쉼터", "shelter"), ("Marching bands", None), ("", None), ("-", None),
    ],
)  # fmt: skip
def test_vocabularies_are_mapped(term: str, need: str | None) -> None:
    assert map_vocabulary(term) == need


def test_every_message_says_what_and_what_to_do_in_every_language() -> None:
    for code, texts in MESSAGES.items():
        assert set(texts) == set(LANGUAGES), code
        assert all(what and advice for what, advice in texts.values()), code

"""The auditor's page says what was checked and what was not: whole, whole but for its end, late, broken."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from hub.console.naming import words
from hub.console.pages import render

WHOLE: dict[str, Any] = {
    "whole": True,
    "seals": 3,
    "entries": 9,
    "unsealed": 0,
    "unsealedSince": None,
    "head": "0" * 64,
    "headChecked": True,
    "headAt": "2031-03-01T08:00:00+00:00",
    "afterHead": 0,
    "problems": [],
}
UNCHECKED = WHOLE | {"headChecked": False, "headAt": None, "afterHead": 3}
LATE = WHOLE | {
    "whole": False,
    "unsealed": 55,
    "unsealedSince": "2031-03-01T08:00:00+00:00",
    "problems": [{"kind": "unsealed", "where": "55 entries since 2031-03-01T08:00:00+00:00"}],
}
BROKEN = LATE | {"problems": [*LATE["problems"], {"kind": "truncated", "where": "the outside head knows more"}]}
SAID = {
    "en": (
        "The chain is whole.",
        "its end cannot be checked",
        "waiting for their seal too long",
        "The chain is broken.",
    ),
    "zh-Hant": ("稽核鏈完整。", "無法查核其末端", "有紀錄等待封存過久", "稽核鏈已遭破壞。"),
    "ko": (
        "감사 사슬이 온전합니다.",
        "끝은 확인할 수 없습니다",
        "봉인을 너무 오래 기다리는",
        "감사 사슬이 깨졌습니다.",
    ),
}


def _page(chain: dict[str, Any], lang: str) -> str:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/audit",
        "headers": [],
        "query_string": f"lang={lang}".encode(),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
    }
    request = Request(scope)
    found = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    answer = render(
        request, "audit.html", chain=chain, first=False, verified_at=None, found=found, href="/audit", narrowed=False,
        values={"action": [], "case": []}, actions=[], **words(request),
    )  # fmt: skip
    return bytes(answer.body).decode()


@pytest.mark.parametrize("lang", SAID)
@pytest.mark.parametrize("number", range(4))
def test_each_state_is_said_and_no_other(number: int, lang: str, settings_env: pytest.MonkeyPatch) -> None:
    """A chain whose end was not compared with a head is not shown as the whole one is: the line is an alarm."""
    page = _page((WHOLE, UNCHECKED, LATE, BROKEN)[number], lang)
    assert [said in page for said in SAID[lang]] == [place == number for place in range(4)]
    assert ('class="hub-result hub-result--problem" role="alert"' in page) is (number > 0)
    assert ("2031" in page) is (number != 1)

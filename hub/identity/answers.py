"""The small pages of signing in that must work when nothing else does: in three languages, without style or script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

Render = Callable[[Request, int, str], Response]
"""Makes the page of a refused sign-in from its status and message code; the console may bring its own."""

TEXTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "no_account": (
        "您的帳號尚未在本系統登錄。請向貴機關的管理者申請。",
        "You have no account here. Ask the manager of your agency for one.",
        "이 시스템에 등록된 계정이 없습니다. 소속 기관의 관리자에게 신청하십시오.",
    ),
    "account_suspended": (
        "您的帳號或機關已停用或逾期。請洽貴機關的管理者。",
        "Your account or your agency is suspended or has expired. Speak to the manager of your agency.",
        "계정 또는 소속 기관이 정지되었거나 기한이 지났습니다. 소속 기관의 관리자에게 문의하십시오.",
    ),
    "sign_in_expired": (
        "登入逾時或已在別處完成，請重新登入。",
        "This sign-in has expired or was finished elsewhere. Please sign in again.",
        "로그인 시간이 지났거나 다른 곳에서 완료되었습니다. 다시 로그인하십시오.",
    ),
    "sign_in_refused": (
        "身分提供者未同意登入。請再試一次。",
        "The identity provider did not sign you in. Please try again.",
        "인증 기관이 로그인을 승인하지 않았습니다. 다시 시도하십시오.",
    ),
    "provider_unavailable": (
        "目前無法連線至身分提供者，請稍後再試。",
        "The identity provider cannot be reached now. Please try again in a minute.",
        "지금은 인증 기관에 연결할 수 없습니다. 잠시 후 다시 시도하십시오.",
    ),
    "csrf_refused": (
        "此頁面已過期，請回上一頁重新整理後再試。",
        "This page has expired. Go back, reload it and try again.",
        "페이지가 만료되었습니다. 이전 페이지를 새로 고친 뒤 다시 시도하십시오.",
    ),
}
_AGAIN: Final = ("登入", "Sign in", "로그인")
_LANGUAGES: Final = ("zh-Hant", "en", "ko")


def plain_page(_request: Request, status: int, code: str) -> Response:
    """A complete page that says what `code` means and leads back to signing in."""
    said = "".join(
        f'<section lang="{language}"><p>{escape(words)}</p><p><a href="/auth/sign-in">{escape(again)}</a></p></section>'
        for language, words, again in zip(_LANGUAGES, TEXTS[code], _AGAIN, strict=True)
    )
    page = (
        '<!doctype html><html lang="zh-Hant"><head><meta charset="utf-8"><title>登入 · Sign in · 로그인</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f"<body><main><h1>登入 · Sign in · 로그인</h1>{said}</main></body></html>"
    )
    return HTMLResponse(page, status, {"content-security-policy": "default-src 'none'; frame-ancestors 'none'"})

"""The lawyer's page: closed terms and both tables, made from the very rows that decide (docs/policy.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from .consents import WRITTEN_ONLY
from .rows import Allow
from .rules import ANYWHERE, FORBIDS, FORMS, GLASS_LASTS, PERMITS, VICTIM_SIDE
from .terms import Category, Obligation, Purpose, Role, Standing

# What each row says in Traditional Chinese, by its code; P4 has two rows.
ZH: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "F1": ("帳號、所屬機關或憑證已停用或逾期。",),
        "F2": ("查詢者為相對人、與其同住、經申報與其關係密切，或為案件當事人。",),
        "F3": ("通報人身分資料，除該通報之受理人員外，任何人均不得查閱。",),
        "F4": ("為督導或統計目的，不得提供任何人之身分、聯絡方式或行蹤。",),
        "F5": ("涉及加害人處遇，或交付相對人一方者，不得含被害人一方之聯絡方式、行蹤及子女身分。",),
        "F6": ("相對人所為之同意，或無同意能力且無（非相對人之）監護人代為之同意，無效。",),
        "F7": ("庇護所地址並非資料類別：本系統任何地方均不儲存。",),
        "P1": ("主責防治中心之個案工作：主責人員或其代理人。",),
        "P2": ("同一防治中心之非主責人員。",),
        "P3": ("有效之同意，涵蓋該資料類別、接收機關及目的；健康及犯罪資料須有書面同意。",),
        "P4": (
            "有效之轉介：僅知有此案及該項需求之摘要，受理前遮蔽。加害人處遇轉介不適用（見 P9）。",
            "同上，受理之後：不再遮蔽。被害人聯絡方式僅得依 P3。",
        ),
        "P5": ("高危機網絡會議：達列管門檻或經敘明理由列案，於該議案之期間內。",),
        "P6": ("保護令登錄資料：警察機關、各款之執行機關、法院聯絡人員；被害人身分以執行所必要者為限。",),
        "P7": ("生命身體之急迫危險：經加強驗證之人員，至多 30 分鐘，事後由他人覆核。",),
        "P8": ("經核准之書面申請，載明理由、資料類別、內容及目的，於核准期間內。",),
        "P9": ("加害人處遇執行機關（構）；保護令僅及於處遇計畫之款項。",),
        "P10": ("釋放或脫逃之通知，即時送達受通知之警察機關及防治中心。",),
        "P11": ("受理報案之警察機關，以該案報案資料為限。",),
        "P12": ("督導：代號、期限、行動事項及不含身分之揭露紀錄。",),
        "P13": ("統計：經抑制小數格之後。",),
        "P14": ("通報人自己之通報（不論其角色）：收件及處理狀態。",),
        "P15": ("被害人得請求之揭露紀錄，由主責人員為其查閱說明。",),
        "P16": ("通報之受理人員，以該通報為限；通報人身分資料僅由其持有。",),
    }
)
_TERMS: Final[tuple[tuple[str, type[StrEnum]], ...]] = (
    ("Roles 角色", Role),
    ("Standings to a case 與案件之關係", Standing),
    ("Categories 資料類別", Category),
    ("Purposes 目的", Purpose),
)
_HEAD = """# Who may see what: the disclosure policy 資料揭露規則

This page is made from the tables the program decides with (`hub policy render`); do not edit it. It is written to be
read and signed by a lawyer: what is not permitted below is hidden, and a row of table 1 beats every row of table 2.

本頁由系統據以決定之規則表自動產生，請勿修改。未列於表 2 者一律隱藏；表 1 優先於表 2 之任何一列。
"""
_READING = """## How a question is decided 決定之方式

1. A question names who asks, one category, one purpose and one case. The purpose follows from where the person stands
   to the case, never from their wish.
2. If any row of table 1 holds, the answer is hidden, whatever table 2 says; breaking the glass (P7) does not help.
3. Otherwise every row of table 2 whose role, standing, category, purpose and condition all hold is a basis. With none,
   the answer is hidden. Hidden and absent look the same.
4. The duties of all bases are united. A restriction of form stands only if every basis asks for it ({forms}):
   who may see the whole by one row is not given a part because another row gives only that.
5. Every disclosure is written to the ledger with its bases, in the same transaction, or does not happen.

查詢須具體指明人、資料類別、目的及案件；目的依其與案件之關係而定。表 1 任一列成立即隱藏。各項依據之義務合併適用；
形式之限制須所有依據均要求時始適用。每次揭露與其依據同時載入紀錄，否則不予揭露。
"""
_NOT_ROWS = """### F6 and F7, which are not rows 非屬列表之二項

- **F6, void grants** (DVPA 50-1). {f6} A consent that the opposite party gave, in whatever capacity, or that was given
  without capacity and without a custodian who is not the opposite party, is treated as if it did not exist; P3 then has
  nothing to stand on. This is part of the test of each consent, so another, valid consent still counts.
- **F7, the shelter's address** (DVPA 56). {f7} It is not a category, so no row can permit it: no field of the
  directory or of a case can hold the address of a confidential location, and no output can contain one.
"""


def markdown() -> str:
    """The whole page, the same for the same tables; it ends with a line break."""
    parts = [_HEAD, _READING.format(forms=_list(FORMS)), _terms(), _forbids(), _permits(), _notes()]
    return "\n".join(parts)


def _list(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words))


def _ordered(words: Iterable[StrEnum], all_of: type[StrEnum]) -> str:
    """The words in the order of their closed list; a list that is nearly whole is told by what is missing."""
    chosen = set(words)
    missing = [word for word in all_of if word not in chosen]
    if not missing:
        return "all"
    if len(missing) <= len(all_of) // 4:
        return "all but " + ", ".join(missing)
    return ", ".join(word for word in all_of if word in chosen)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(heads)]
    lines += [["---"] * len(lines[0]), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"


def _terms() -> str:
    rows = [(title, ", ".join(words)) for title, words in _TERMS]
    duties = [word for word in Obligation if word not in FORMS]
    rows += [("Duties 義務", ", ".join(duties)), ("Restrictions of form 形式之限制", _list(FORMS).replace("`", ""))]
    return "## Closed terms 用語\n\n" + _table(("list 類", "words 用語"), rows)


def _forbids() -> str:
    rows = [
        (
            row.code,
            f"{row.says}<br>{ZH[row.code][0]}",
            _ordered(row.categories, Category),
            _ordered(row.purposes, Purpose),
            row.articles,
        )
        for row in FORBIDS
    ]
    told = _NOT_ROWS.format(f6=ZH["F6"][0], f7=ZH["F7"][0])
    title = "## Table 1: what is hidden above every permit 表 1：優先之禁止\n\n"
    return title + _table(("row", "when 情形", "categories", "purposes", "article 條文"), rows) + "\n" + told


def _obliged(row: Allow) -> str:
    parts = [_ordered(row.obligations, Obligation) if row.obligations else "-"]
    parts += [
        f"{category}: {_ordered(row.narrowed[category], Obligation)}"
        for category in Category
        if category in row.narrowed
    ]
    return "<br>".join(parts)


def _permits() -> str:
    rows, met = [], dict[str, int]()
    for row in PERMITS:
        code = str(row.basis)
        place = met[code] = met.get(code, -1) + 1
        rows.append(
            (
                code,
                f"{row.says}<br>{ZH[code][place]}",
                _ordered(row.roles, Role),
                "any" if row.standings == ANYWHERE else _ordered(row.standings, Standing),
                _ordered(row.purposes, Purpose),
                _ordered(row.categories, Category),
                _obliged(row),
                row.articles,
            )
        )
    heads = ("row", "basis 依據", "to 對象", "standing", "purposes", "categories", "obligations 義務", "article 條文")
    return "## Table 2: what is permitted 表 2：許可\n\n" + _table(heads, rows)


def _notes() -> str:
    minutes = int(GLASS_LASTS.total_seconds()) // 60
    return (
        "## Notes 附註\n\n"
        f"- Written consent only, under P3 (PDPA 6): {_ordered(WRITTEN_ONLY, Category)}.\n"
        f"- The victim's side, in F5: {_ordered(VICTIM_SIDE, Category)}.\n"
        f"- A broken glass lasts {minutes} minutes at most, shows only what it was opened for, and is a person's: "
        "never a program's.\n"
        "- A consent works from its first moment, and until just before its end or its withdrawal; "
        "withdrawal needs no reason.\n"
        "- `own_part`: only the part that concerns the asker: the summary for its need, its agenda items, its report, "
        "the order item it carries out, the notice addressed to it.\n"
        "- To be confirmed by counsel: whether `risk_detail` and `case_facts`, which may tell of sexual violence, are "
        "sex-life data that need a written consent (PDPA 6); whether a victim's consent can cover "
        "`opposite_treatment`, whose data subject is the opposite party.\n"
        "- Sources: SHPA, the Stalking and Harassment Prevention Act 跟蹤騷擾防制法; DVPA, the Domestic Violence "
        "Prevention Act 家庭暴力防治法; PDPA, the Personal Data Protection Act 個人資料保護法; D0050073, the "
        "regulations on the databases 家庭暴力及性侵害電子資料庫管理使用辦法; order regulation, D0080214 "
        "跟蹤騷擾案件保護令執行辦法; ER, enforcement rules 施行細則.\n"
    )

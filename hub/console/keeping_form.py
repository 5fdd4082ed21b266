"""The form of a service: its rows as fields to be shown, and what was typed as the sections of a change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.base.errors import FieldError
from hub.base.texts import LANGUAGES

from .forms import Posted
from .inputs import Data, number_of

ABOUT = (
    "name", "alternateName", "description", "url", "email", "applicationProcess", "interpretationServices", "waitTime",
    "feesDescription", "alert",
)  # fmt: skip
ROWS: dict[str, tuple[str, ...]] = {
    "hours": ("opensAt", "closesAt", "validFrom", "validTo", "description"),
    "phones": ("number", "extension", "type", "description"),
    "contacts": ("name", "title", "department", "email"),
    "costs": ("option", "amount", "currency", "amountDescription"),
    "documents": ("document", "uri"),
    "places": ("kind", "name", "address1", "address2", "city", "postalCode", "areaCode", "transportation"),
}
"""Sections that are lists of rows, and the text fields of a row."""
CODES = ("needs", "areas", "languages")
BLANK = {"hours": 2}
"""Empty rows that a section shows for what is to be added; one where nothing is said."""
_TIMES, _DAYS = {"opensAt", "closesAt"}, {"validFrom", "validTo"}
_ROW = re.compile(r"(\w+)\.(\d+)(\..*)?")


def shown(service: Mapping[str, Any]) -> dict[str, list[str]]:
    """The values of the form for a service as it stands."""
    values = {f"about.{name}": [service["about"][name]] for name in ABOUT}
    values |= {f"about.names.{one['language']}": [one["name"]] for one in service["about"]["names"]}
    whom = service["whom"]
    values |= {f"whom.{name}": [str(whom[name] or "")] for name in ("eligibilityDescription",)}
    values |= {f"whom.{name}": [_text(whom[name])] for name in ("minimumAge", "maximumAge")}
    values |= {"whom.genders": whom["genders"], **{name: service[name] for name in CODES}}
    for section, fields in ROWS.items():
        for n, row in enumerate(service[section]):
            for name in fields:
                value = _text(row[name])
                values[f"{section}.{n}.{name}"] = [value[:5] if name in _TIMES else value]
            values[f"{section}.{n}.id"] = [row["id"]]
            if section == "hours":
                values[f"{section}.{n}.days"] = row["days"]
    return values


def _text(value: object) -> str:
    return "" if value is None else str(value)


def numbers(service: Mapping[str, Any]) -> dict[str, range]:
    """The rows of each section: those that stand, and empty ones for what is to be added."""
    return {section: range(len(service[section]) + BLANK.get(section, 1)) for section in ROWS}


class Typed:
    """What was typed. `sections` is the input of the API, `faults` what it could not even be asked, by form field."""

    def __init__(self, form: Posted, service: Mapping[str, Any] | None) -> None:
        self.form, self.service = form, service
        self.faults: list[FieldError] = []
        self.places: dict[tuple[str, int], int] = {}
        """Where a row that is sent stands in the form: (section, number sent) -> number shown."""
        self.sections: Data = {
            "about": self._about(),
            "whom": self._whom(),
            "needs": form.all("needs"),
            "areas": list(dict.fromkeys([*form.all("areas"), *form.all("areas.add")])),
            "languages": form.all("languages"),
            **{section: self._rows(section) for section in ROWS},
        }
        if form.text("capacity.available"):
            self.sections["capacity"] = self.free()

    def free(self) -> Data:
        """How much is free, as typed."""
        number = number_of(self.form.text("capacity.available"))
        if number is None:
            self.faults.append(FieldError("capacity.available", "free_places_form"))
        return {"available": number or 0, "unit": self.form.text("capacity.unit")}

    def _about(self) -> Data:
        names = [{"language": tag, "name": self.form.text(f"about.names.{tag}")} for tag in LANGUAGES]
        return {name: self.form.text(f"about.{name}") for name in ABOUT} | {"names": names}

    def _whom(self) -> Data:
        said: Data = {"eligibilityDescription": self.form.text("whom.eligibilityDescription")}
        for name in ("minimumAge", "maximumAge"):
            typed = self.form.text(f"whom.{name}")
            said[name] = number_of(typed)
            if typed and said[name] is None:
                self.faults.append(FieldError(f"whom.{name}", "age_form"))
        return said | {"genders": self.form.all("whom.genders")}

    def _rows(self, section: str) -> list[Data]:
        """The rows that say something and are not taken away. Places nobody here may change go as they stand."""
        found: list[Data] = []
        fixed = {row["id"]: row for row in (self.service or {}).get(section, []) if row.get("shared")}
        for n in range(201):
            path = f"{section}.{n}"
            key = self.form.text(f"{path}.id")
            if not key and f"{path}.{ROWS[section][0]}" not in self.form.values:
                break
            if self.form.flag(f"{path}.gone"):
                continue
            if key in fixed:
                row = {name: fixed[key][name] for name in ("id", *ROWS[section])}
            else:
                row = self._row(section, path)
                if not key and not any(value for name, value in row.items() if name != "kind"):
                    continue
                row |= {"id": key or None}
            self.places[section, len(found)] = n
            found.append(row)
        return found

    def _row(self, section: str, path: str) -> Data:
        row: Data = {}
        for name in ROWS[section]:
            typed: str = self.form.text(f"{path}.{name}")
            row[name] = self._value(f"{path}.{name}", name, typed)
        if section == "hours":
            row["days"] = self.form.all(f"{path}.days")
        if section == "places":
            row["areaCode"] = row["areaCode"] or None
            row["kind"] = row["kind"] or "physical"
            if self.form.flag(f"{path}.confidential"):
                row["kind"] = "confidential"
        return row

    def _value(self, path: str, name: str, typed: str) -> str | None:
        """A field as the API takes it; what it cannot be is a fault of this field."""
        if name not in _TIMES | _DAYS | {"amount"}:
            return typed
        if not typed:
            return None
        try:
            if name in _TIMES:
                return time.fromisoformat(typed).isoformat()
            if name in _DAYS:
                return date.fromisoformat(typed).isoformat()
            if not Decimal(typed).is_finite():
                raise ValueError
        except (ValueError, InvalidOperation):
            code = "hours_form" if name in _TIMES else "day_form" if name in _DAYS else "amount_form"
            self.faults.append(FieldError(path, code))
            return None
        return typed

    def where(self, problem: Data | None) -> Data | None:
        """A problem of the API with the fields of this form: rows that were left out are counted again."""
        if problem is None:
            return None
        fields = [{**field, "path": self._field(field["path"])} for field in problem.get("fields") or []]
        return {**problem, "fields": fields}

    def _field(self, path: str) -> str:
        found = _ROW.fullmatch(path)
        if found is None or found[1] not in ROWS:
            return "about.names.zh-Hant" if path == "about.names" else path
        shown_at = self.places.get((found[1], int(found[2])), int(found[2]))
        rest = {".days": ".days", ".id": f".{ROWS[found[1]][0]}"}.get(found[3] or "", found[3] or "")
        return f"{found[1]}.{shown_at}{rest}"

"""Keeps the catalogues complete: finds every text people read and says which are missing, unused or broken.

`python -m hub.console.texts check` ends with 1 and names each fault; `add` writes empty entries for what is missing.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from graphql import GraphQLEnumType, build_schema

from hub.base.texts import LANGUAGES, PROBLEM, Catalogue, files, folder
from hub.conferences.invitations import SUMMARY
from hub.notices.mail import NOTICE
from hub.notices.outbox import KINDS
from hub.policy.terms import Role

ROOT = Path(__file__).resolve().parents[2]
CODE = ("hub", "directory", "scheduling")
SCHEMA = ROOT / "graphql" / "schema.graphql"
KEYWORDS = {"_": None, "mark": None, "mark_plural": (1, 2), "ngettext": (1, 2)}
UNSAID = re.compile(r"(OrderBy|OrderField|Direction)$|^Language$")
"""Enums no person reads: how a list is ordered; languages call themselves by their own names."""
_PLACE = re.compile(r"%\((\w+)\)s")
_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Text:
    """A text that must be in every catalogue: context (empty for a sentence), key, plural form, where it stands."""

    context: str
    key: str
    plural: str = ""
    where: str = ""


def sentences(root: Path = ROOT) -> Iterator[Text]:
    """Every marked English sentence of templates and code."""
    options = {"trimmed": "false", "silent": "false"}
    sources = [
        (path, "jinja2.ext:babel_extract") for path in sorted((root / "hub" / "console").rglob("templates/**/*.html"))
    ]
    sources += [(path, "python") for folder_ in CODE for path in sorted((root / folder_).rglob("*.py"))]
    for path, method in sources:
        if "node_modules" in path.parts:
            continue
        with path.open("rb") as file:
            for line, found, _comments, _context in extract(method, file, KEYWORDS, options=options):
                one, many = found if isinstance(found, tuple) else (found, "")
                yield Text("", one, many or "", f"{path.relative_to(root)}:{line}")


def codes(root: Path = ROOT) -> Iterator[Text]:
    """Every message code: `code = "..."` of a class, and the codes that refusals and field errors are made with."""
    for path in (path for folder_ in CODE for path in sorted((root / folder_).rglob("*.py"))):
        if "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            for value in _codes_of(node):
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and _CODE.fullmatch(value.value):
                    yield Text(PROBLEM, value.value, where=f"{path.relative_to(root)}:{value.lineno}")


def _codes_of(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.ClassDef):
        return [
            item.value
            for item in node.body
            if isinstance(item, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "code" for t in item.targets)
        ]
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "FieldError":
            return node.args[1:2] + [word.value for word in node.keywords if word.arg == "code"]
        if name in {"NotPermitted", "NotFound", "Conflict", "TooSoon", "OutOfService"}:
            return node.args[:1] + [word.value for word in node.keywords if word.arg == "code"]
        if name == "InvalidInput":
            return [word.value for word in node.keywords if word.arg == "code"]
        if name == "message":
            return node.args[:1]
        if name == "_judge":  # rows of (holds, path, code)
            return [row.elts[-1] for row in node.args if isinstance(row, ast.Tuple) and row.elts]
        if name.startswith("_") and name.endswith("Error"):  # a module's own, made with (status, code)
            return node.args[1:2]
    return []


def terms(schema: Path = SCHEMA) -> Iterator[Text]:
    """Every value of a closed list people read: the enums of the published contract, the roles, the notices."""
    for kind in (*KINDS, SUMMARY):
        yield Text(NOTICE, kind, where="hub/notices/outbox.py")
    for role in Role:
        yield Text("Role", role.name, where="hub/policy/terms.py")
    if schema.exists():
        for name, known in build_schema(schema.read_text()).type_map.items():
            if isinstance(known, GraphQLEnumType) and not name.startswith("__") and not UNSAID.search(name):
                for value in known.values:
                    yield Text(name, value, where=f"graphql/schema.graphql {name}")


def needed(root: Path = ROOT) -> dict[tuple[str, str], Text]:
    """All texts by context and key."""
    found: dict[tuple[str, str], Text] = {}
    for text in (*sentences(root), *codes(root), *terms(root / "graphql" / "schema.graphql")):
        found.setdefault((text.context, text.key), text)
    return found


def faults(texts: dict[tuple[str, str], Text], lang: str, catalogs: Sequence[Catalog]) -> list[str]:
    """What is wrong with one language's catalogues: missing, unused, fuzzy, or with other placeholders."""
    said: list[str] = []
    present: set[tuple[str, str]] = set()
    for catalog in catalogs:
        for entry in catalog:
            if not entry.id:
                continue
            one = entry.id if isinstance(entry.id, str) else entry.id[0]
            key = (entry.context or "", one)
            forms = [entry.string] if isinstance(entry.string, str) else list(entry.string or [])
            present.add(key)
            if key not in texts:
                said.append(f"{lang}: unused: {one!r} ({key[0]})")
            if entry.fuzzy:
                said.append(f"{lang}: fuzzy: {one!r}")
            if not all(forms):
                said.append(f"{lang}: empty: {one!r}")
            said += [
                f"{lang}: other placeholders: {one!r} / {form!r}"
                for form in forms
                if form and set(_PLACE.findall(form)) != set(_PLACE.findall(one)) and not key[0]
            ]
    for key, text in texts.items():
        own = lang == "en" and not text.context
        if key not in present and not own:
            said.append(f"{lang}: missing: {text.key!r} ({text.context or 'sentence'}) at {text.where}")
    return said


def check(root: Path = ROOT) -> list[str]:
    """Every fault of every language. ValueError when a key is in two files of one language."""
    texts = needed(root)
    said = []
    for lang in LANGUAGES:
        Catalogue(lang)
        said += faults(texts, lang, list(files(lang)))
    return said


def add(root: Path = ROOT) -> int:
    """Write an empty entry for each missing text into console.po, problems.po or terms.po. Returns how many."""
    texts, count = needed(root), 0
    for lang in LANGUAGES:
        known = {
            (entry.context or "", entry.id if isinstance(entry.id, str) else entry.id[0])
            for catalog in files(lang)
            for entry in catalog
        }
        new = [text for key, text in texts.items() if key not in known and (lang != "en" or text.context)]
        for name in ("console", "problems", "terms"):
            mine = [text for text in new if name == _file_of(text)]
            if mine:
                _append(folder(lang) / f"{name}.po", lang, mine)
                count += len(mine)
    return count


def _file_of(text: Text) -> str:
    return "problems" if text.context == PROBLEM else "terms" if text.context else "console"


def _append(path: Path, lang: str, texts: Sequence[Text]) -> None:
    catalog = Catalog(locale=lang.replace("-", "_"))
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=lang.replace("-", "_"), abort_invalid=True)
    for text in texts:
        catalog.add((text.key, text.plural) if text.plural else text.key, context=text.context or None)
    save(path, catalog)


def save(path: Path, catalog: Catalog) -> None:
    """Write a catalogue in its one form: sorted by key, a short header without dates, so that changes read well."""
    body = BytesIO()
    write_po(body, catalog, width=0, omit_header=True, sort_output=True, no_location=True)
    header = f'msgid ""\nmsgstr ""\n"Language: {catalog.locale}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header.encode() + body.getvalue().strip() + b"\n")


def main(arguments: Sequence[str]) -> int:
    """Command line: check or add."""
    if list(arguments) == ["add"]:
        sys.stdout.write(f"{add()} entries to translate\n")
        return 0
    if list(arguments) != ["check"]:
        sys.stderr.write("usage: python -m hub.console.texts check|add\n")
        return 2
    said = check()
    sys.stdout.write("".join(line + "\n" for line in said) or "texts: complete\n")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

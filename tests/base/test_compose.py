"""compose.yaml against the product: its commands, settings, roles and places exist and fit. No engine runs it here."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from hub.base.databases import databases
from hub.base.fitness import of_settings
from hub.base.settings import Settings
from hub.cli import app

HOUSE = Path(__file__).resolve().parents[2]
GIVEN = {
    "HUB_PUBLIC_URL": "https://hub.example",
    "HUB_OIDC_ISSUER": "https://id.example",
    "HUB_OWNER_PASSWORD": "ownersword",
    "HUB_DATABASE_APP_PASSWORD": "appsword",
    **{f"HUB_{name}_KEY": "A" * 43 for name in ("MASTER", "INDEX", "AUDIT")},
}
"""What the file .env must hold, and no more."""
_LINE = re.compile(r"( *)([\w.<-]+):(?: +([&*][\w-]+))?(?: +(.+))?")
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def read(text: str) -> dict[str, Any]:
    """The small part of YAML the file keeps to: mappings by two blanks, anchors, merges, flow lists, plain values.

    ValueError for anything else, so that the file cannot leave it unseen.
    """
    root: dict[str, Any] = {}
    anchors: dict[str, dict[str, Any]] = {}
    open_: list[tuple[dict[str, Any], set[str]]] = [(root, set())]
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None or len(found[1]) % 2 or len(found[1]) // 2 >= len(open_):
            raise ValueError(f"line {number}: {line}")
        del open_[len(found[1]) // 2 + 1 :]
        key, mark, value = found[2], found[3], found[4]
        here, own = open_[-1]
        if key in own:
            raise ValueError(f"line {number}: {key} twice")
        own.add(key)
        if key == "<<":
            here |= anchors[mark[1:]]
        elif value is not None:
            here[key] = _value(value, number)
        else:
            here[key] = {}
            open_.append((here[key], set()))
            if mark:
                anchors[mark[1:]] = here[key]
    return root


def _value(text: str, number: int) -> Any:
    if text.startswith("["):
        if not text.endswith("]"):
            raise ValueError(f"line {number}: a list over several lines")
        parts = [part.strip().strip("\"'") for part in text[1:-1].split(", ")]
        return [part for part in parts if part]
    if text[0] in "|>&*{!%@`" or (": " in text and "${" not in text) or " #" in text:
        raise ValueError(f"line {number}: {text}")
    return text.strip("\"'")


def filled(text: str) -> str:
    """A value with the variables of .env in it, as compose fills them in. KeyError: one that must be set is not."""

    def one(found: re.Match[str]) -> str:
        name, sign, default = found.groups()
        return GIVEN.get(name, "") or default if sign == "-" else GIVEN[name]

    return _VARIABLE.sub(one, text)


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of the file."""
    whole = read((HOUSE / "compose.yaml").read_text("utf-8"))
    found: dict[str, dict[str, Any]] = whole["services"]
    assert {place.split(":")[0] for one in found.values() for place in one.get("volumes", [])} == set(whole["volumes"])
    return found


def ours(services: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Those that run the product's image."""
    return {name: service for name, service in services.items() if service.get("image") == "interagency-hub"}


def settings_of(service: dict[str, Any]) -> Settings:
    """The settings the service would start with: its image's and its own."""
    image = dict(
        word.split("=", 1)
        for line in (HOUSE / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("ENV ")
        for word in line.split()[1:]
    )
    given = {**image, **{name: filled(value) for name, value in service["environment"].items()}}
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("HUB_")]:
            environment.delenv(name)
        for name, value in given.items():
            if name.startswith("HUB_"):
                environment.setenv(name, value)
        return Settings()


def test_commands_settings_and_places_exist(services: dict[str, dict[str, Any]]) -> None:
    commands = {command.name or str(getattr(command.callback, "__name__", "")) for command in app.registered_commands}
    assert {name: service["command"] for name, service in ours(services).items()} == {
        "migrate": ["migrate"],
        "hub1": ["serve"],
        "hub2": ["serve"],
        "worker": ["work"],
    }
    assert {"migrate", "serve", "work"} <= commands
    known = {f"HUB_{name.upper()}" for name in Settings.model_fields}
    for name, service in ours(services).items():
        assert set(service["environment"]) <= known, name
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name


async def test_the_owner_of_the_database_is_known_to_migrations_alone(services: dict[str, dict[str, Any]]) -> None:
    knowing = {name for name, service in services.items() if "OWNER" in str(service)}
    assert knowing == {"migrate", "postgres"}
    for name, service in ours(services).items():
        async with databases(settings_of(service)) as urls:
            assert make_url(urls.app).username == "hub_app"
            assert make_url(urls.app).password == GIVEN["HUB_DATABASE_APP_PASSWORD"]
            assert make_url(urls.app).host in services
            assert bool(urls.owner) is (name == "migrate"), name
    owner = make_url(filled(services["migrate"]["environment"]["HUB_DATABASE_URL"]))
    made = services["postgres"]["environment"]
    assert (owner.username, owner.database) == (made["POSTGRES_USER"], made["POSTGRES_DB"])
    assert owner.password == filled(made["POSTGRES_PASSWORD"])


def test_each_would_start(services: dict[str, dict[str, Any]]) -> None:
    """What start-up asks of settings is well, nothing is optional that must be set, and mail has somewhere to go."""
    for name in ("hub1", "hub2", "worker"):
        made = settings_of(services[name])
        assert [finding for finding in of_settings(made) if finding.bad] == [], name
        assert made.smtp_host in services
        assert made.master_key != SecretStr("")
        assert any(place.startswith(f"heads:{made.state_dir}") for place in services[name]["volumes"])
    text = (HOUSE / "compose.yaml").read_text("utf-8")
    needed = {name for name, sign, _ in _VARIABLE.findall(text) if sign == "?"}
    assert needed == set(GIVEN)


OF_THE_IMAGE = {
    "HUB_HOST": "the image listens on all addresses; `ports` says which of the machine's lead there",
    "HUB_PORT": "the image's own; `ports` says which of the machine's leads there",
    "HUB_STATE_DIR": "the image's own; the volume is mounted there",
    "HUB_PG_BINDIR": "of the embedded database alone",
    "HUB_DATABASE_APP_PASSWORD": "stands in HUB_DATABASE_URL; `migrate` alone gives it to the role",
}
"""Settings the file does not pass on, and why."""
OTHERWISE = {"HUB_SMTP_HOST": "mail", "HUB_SMTP_PORT": "1025"}
"""Defaults that are not the settings' own: the file brings a mail catcher."""


def test_every_setting_can_be_given(services: dict[str, dict[str, Any]]) -> None:
    """Each by the variable of its own name, which falls back to the setting's own default."""
    for name in ("hub1", "hub2", "worker"):
        given: dict[str, str] = services[name]["environment"]
        assert {f"HUB_{field.upper()}" for field in Settings.model_fields} - set(given) == set(OF_THE_IMAGE)
        made = settings_of(services[name])
        for setting, value in given.items():
            asked = [(found, default) for found, sign, default in _VARIABLE.findall(value) if sign == "-"]
            if asked and setting not in OTHERWISE:
                field = setting.removeprefix("HUB_").lower()
                assert [found for found, _ in asked] == [setting]
                assert getattr(made, field) == Settings.model_fields[field].default, setting
            elif asked:
                assert asked == [(setting, OTHERWISE[setting])]


def test_what_serves_and_works_is_asked_for_its_health(services: dict[str, dict[str, Any]]) -> None:
    """By commands that exist: of the web servers whether they are ready, of the worker whether it works."""
    commands = {command.name or str(getattr(command.callback, "__name__", "")) for command in app.registered_commands}
    asked = {name: service["healthcheck"]["test"] for name, service in services.items() if "healthcheck" in service}
    assert {name: test[1:] for name, test in asked.items() if name in ours(services)} == {
        "hub1": ["hub", "healthy", "serve"],
        "hub2": ["hub", "healthy", "serve"],
        "worker": ["hub", "healthy", "work"],
    }
    assert "healthy" in commands


def test_no_image_is_whatever_is_newest(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert name in ours(services) or re.search(r":v?\d", service["image"]), name


@pytest.mark.parametrize(
    "text", ["a:\n- b", "a: |\n  b", "a: [b,\n  c]", "a:\n   b: c", "a: b\na: c", "a: {b: c}", "a: b: c", "\ta: b", "a"]
)
def test_what_is_not_plain_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        read(text)

"""Keys and sealed texts: what is wrong is refused, what is alike is found, and no secret is ever printed."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from hub.base.crypto import (
    Keys,
    UnreadableError,
    blind,
    decode_key,
    keys_of,
    new_data_key,
    open_data_key,
    seal,
    unseal,
)
from hub.base.settings import Settings

KEYS = Keys(bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32)
OTHER = Keys(bytes([4]) * 32, bytes([5]) * 32, bytes([6]) * 32)
PLACE, ELSEWHERE = b"party:1:name", b"party:2:name"
NAME = "王小明（虛構）"


def _production(folder: Path, **keys: SecretStr) -> Settings:
    return Settings.model_validate({"mode": "production", "state_dir": folder, **keys})


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_what_was_sealed_comes_back() -> None:
    """Every length, and never twice the same bytes."""
    for plain in (b"", b"x", NAME.encode(), bytes(100_000)):
        sealed = seal(KEYS.master, plain, PLACE)
        assert unseal(KEYS.master, sealed, PLACE) == plain
        assert len(sealed) == len(plain) + 12 + 16
        assert sealed != seal(KEYS.master, plain, PLACE)


def test_another_key_or_place_opens_nothing() -> None:
    """A value moved to another row or column, or read with another key, stays shut."""
    sealed = seal(KEYS.master, NAME.encode(), PLACE)
    for key, place in ((OTHER.master, PLACE), (KEYS.index, PLACE), (KEYS.master, ELSEWHERE), (KEYS.master, b"")):
        with pytest.raises(UnreadableError):
            unseal(key, sealed, place)


def test_an_altered_value_opens_nothing() -> None:
    """Each single byte, each shorter piece, each longer one."""
    sealed = seal(KEYS.master, NAME.encode(), PLACE)
    altered = [sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :] for i in range(len(sealed))]
    altered += [sealed[:i] for i in range(len(sealed))] + [sealed[1:], sealed + b"\0", b"\0" + sealed]
    for wrong in altered:
        with pytest.raises(UnreadableError):
            unseal(KEYS.master, wrong, PLACE)
    assert unseal(KEYS.master, sealed, PLACE).decode() == NAME


def test_a_data_key_belongs_to_its_case() -> None:
    """Wrapped for one case, it opens for no other, with no other master key, and is no ordinary sealed value."""
    wrapped = new_data_key(KEYS, b"case 1")
    opened = open_data_key(KEYS, wrapped, b"case 1")
    assert len(opened) == 32
    assert opened != open_data_key(KEYS, new_data_key(KEYS, b"case 1"), b"case 1")
    for keys, owner in ((KEYS, b"case 2"), (OTHER, b"case 1")):
        with pytest.raises(UnreadableError):
            open_data_key(keys, wrapped, owner)
    with pytest.raises(UnreadableError):
        unseal(KEYS.master, wrapped, b"case 1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A123456789", "a１２３４５６７８９"),
        ("0912-000 000", "０９１２-００００００"),
        ("Ann  Example", "ann example"),
        ("STRASSE", "straße"),
        ("é", "e\N{COMBINING ACUTE ACCENT}"),
        ("ﾊﾝｸﾞﾙ", "ハングル"),
        ("홍길동", "홍길동"),
        (" 王 小明 ", "王小明"),
        ("王\N{IDEOGRAPHIC SPACE}小明", "王小明"),
        ("İ", "i\N{COMBINING DOT ABOVE}"),
        ("ᾳ\N{COMBINING GREEK PERISPOMENI}", "ᾷ"),
    ],
)
def test_width_case_and_spacing_do_not_matter(one: str, other: str) -> None:
    """The same person, however they were typed."""
    assert blind(KEYS, "name", one) == blind(KEYS, "name", other)


def test_different_people_kinds_and_keys_stay_apart() -> None:
    """No equality across persons, kinds of data or installations; the text cannot be read off."""
    prints = {
        blind(keys, kind, text)
        for keys in (KEYS, OTHER)
        for kind in ("name", "telephone", "identity")
        for text in ("王小明", "王小名", "0912000000", "")
    }
    assert len(prints) == 2 * 3 * 4
    assert {len(one) for one in prints} == {32}
    assert blind(Keys(KEYS.master, OTHER.index, KEYS.audit), "name", "x") != blind(KEYS, "name", "x")
    assert blind(Keys(OTHER.master, KEYS.index, OTHER.audit), "name", "x") == blind(KEYS, "name", "x")


def test_kept_keys_are_private_and_stay(tmp_path: Path) -> None:
    """In demo they are made once, each its own, in files and a folder nobody else may read."""
    made = keys_of(Settings(mode="demo", state_dir=tmp_path / "state"))
    assert keys_of(Settings(mode="demo", state_dir=tmp_path / "state")) == made
    assert len({made.master, made.index, made.audit}) == 3
    folder = tmp_path / "state" / "keys"
    assert folder.stat().st_mode & 0o777 == 0o700
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["audit", "index", "master"]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    assert keys_of(Settings(mode="demo", state_dir=tmp_path / "another")) != made


@pytest.mark.parametrize("left", [b"", b"short", bytes(33)])
def test_a_broken_key_file_is_refused(left: bytes, tmp_path: Path) -> None:
    """A half-written file must not become a key: what it seals could never be opened again."""
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    (folder / "master").write_bytes(left)
    with pytest.raises(ValueError, match="master"):
        keys_of(Settings(mode="demo", state_dir=tmp_path))


@pytest.mark.parametrize("missing", ["master", "index", "audit"])
def test_production_refuses_without_keys(missing: str, tmp_path: Path) -> None:
    """It says which one is missing, makes none, and uses none that a demo left behind."""
    keys_of(Settings(mode="demo", state_dir=tmp_path))
    given = {f"{name}_key": SecretStr(_encoded(bytes([7]) * 32)) for name in ("master", "index", "audit")}
    whole = keys_of(_production(tmp_path, **given))
    assert whole.master == bytes([7]) * 32
    given[f"{missing}_key"] = SecretStr("")
    with pytest.raises(ValueError, match=f"HUB_{missing.upper()}_KEY"):
        keys_of(_production(tmp_path, **given))


def test_production_leaves_nothing_in_the_state_folder(tmp_path: Path) -> None:
    """Its keys come from outside and stay there."""
    given = {f"{name}_key": SecretStr(_encoded(bytes([7]) * 32)) for name in ("master", "index", "audit")}
    keys_of(_production(tmp_path / "state", **given))
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_has_32_bytes(length: int) -> None:
    """Neither shorter nor longer."""
    with pytest.raises(ValueError, match="32 bytes"):
        decode_key(SecretStr(_encoded(bytes(length))))


def test_a_key_is_base64url_and_nothing_else() -> None:
    """With or without padding; a stray character is not skipped, so that a mistyped key is not another key."""
    raw = bytes(range(224, 256))
    assert decode_key(SecretStr(_encoded(raw))) == raw
    assert decode_key(SecretStr(base64.urlsafe_b64encode(raw).decode())) == raw
    for wrong in ("!" + _encoded(raw), _encoded(raw) + "\n!", "金鑰", _encoded(raw)[:-1]):
        with pytest.raises(ValueError, match="32 bytes"):
            decode_key(SecretStr(wrong))


def test_nothing_secret_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    """Not in a repr, not in an error or its causes, not in a log line with its traceback."""
    raw = b"THE-SECRET-KEY-OF-32-BYTES-LONG!"
    mistyped, foreign = SecretStr(_encoded(raw) + "THE-SECRET"), SecretStr("THE-SECRET-金鑰")
    keys = Keys(raw, raw, raw)
    shown = [repr(keys), str(keys), f"{[keys]}", repr(mistyped)]
    sealed = seal(raw, NAME.encode(), PLACE)
    faults: list[Callable[[], object]] = [
        lambda: unseal(raw, sealed, ELSEWHERE),
        lambda: unseal(raw, sealed[:5], PLACE),
        lambda: decode_key(mistyped),
        lambda: decode_key(foreign),
    ]
    for fault in faults:
        with pytest.raises((UnreadableError, ValueError)) as caught:
            fault()
        logging.getLogger("test").error("failed", exc_info=caught.value)
        shown += [repr(caught.value), repr(caught.value.__cause__), repr(caught.value.__context__)]
        shown += traceback.format_exception(caught.value)
    told = "\n".join([*shown, caplog.text])
    assert told.count("Traceback") == 2 * len(faults)
    for secret in (raw.decode(), _encoded(raw), "THE-SECRET", NAME, repr(sealed)):
        assert secret not in told


def test_many_starting_at_once_share_one_key(tmp_path: Path) -> None:
    """A web process and a worker that start together must not seal with two keys, nor with half of one."""

    def start(_: int) -> Keys:
        return keys_of(Settings(mode="demo", state_dir=tmp_path))

    with ThreadPoolExecutor(16) as pool:
        assert len({(keys.master, keys.index, keys.audit) for keys in pool.map(start, range(64))}) == 1
    assert sorted(file.name for file in (tmp_path / "keys").iterdir()) == ["audit", "index", "master"]

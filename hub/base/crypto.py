"""Keys: a data key for each case wrapped by the master key, sealed texts, blind indexes."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import re
import tempfile
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from . import folder
from .settings import Settings

_SIZE = 32
_NONCE = 12
_KEY_TEXT = re.compile(r"[A-Za-z0-9_-]{43}=?")


class UnreadableError(Exception):
    """A sealed value could not be opened: wrong key, moved to another place, or altered."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The three secrets of an installation, 32 bytes each; never printed."""

    master: bytes
    index: bytes
    audit: bytes


def decode_key(secret: SecretStr) -> bytes:
    """32 bytes from base64url; ValueError without repeating the text."""
    if not _KEY_TEXT.fullmatch(secret.get_secret_value()):
        raise ValueError("a key must be 32 bytes in base64url")
    return base64.urlsafe_b64decode(secret.get_secret_value().rstrip("=") + "=")


def keys_of(settings: Settings) -> Keys:
    """The keys from the settings. Outside production, missing ones are made once and kept in the state folder."""
    found = []
    for name in ("master", "index", "audit"):
        secret: SecretStr = getattr(settings, f"{name}_key")
        if secret.get_secret_value():
            found.append(decode_key(secret))
        elif settings.mode == "production":
            raise ValueError(f"HUB_{name.upper()}_KEY is not set")
        else:
            found.append(_kept_key(folder.made(settings.state_dir) / "keys" / name))
    return Keys(*found)


def _kept_key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        handle, draft = tempfile.mkstemp(prefix=".", dir=path.parent)  # 0600
        with os.fdopen(handle, "wb") as out:
            out.write(os.urandom(_SIZE))
            out.flush()
            os.fsync(handle)
        with contextlib.suppress(FileExistsError):  # another process was first: its key holds
            os.link(draft, path)  # all or nothing: nobody ever reads half a key
        os.unlink(draft)
    key = path.read_bytes()
    if len(key) != _SIZE:
        raise ValueError(f"{path} holds no key of 32 bytes: restore it; without it what it sealed stays shut")
    return key


def new_data_key(keys: Keys, owner: bytes) -> bytes:
    """A fresh data key, wrapped for storage and bound to its owner (the case's id)."""
    return seal(keys.master, os.urandom(_SIZE), b"data key" + owner)


def open_data_key(keys: Keys, wrapped: bytes, owner: bytes) -> bytes:
    """The data key inside a wrapping."""
    return unseal(keys.master, wrapped, b"data key" + owner)


def seal(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    """AES-256-GCM: nonce + ciphertext + tag. `bound_to` (row and column) must be the same to open it again."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """What was sealed; `UnreadableError` if anything differs."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
    except (InvalidTag, ValueError):
        raise UnreadableError from None


def covered(keys: Keys, number: int, bound_to: bytes) -> str:
    """A number of ours as a cursor that tells nothing: neither how many there are nor which came first."""
    sealed = seal(_index_key(keys.index, "cursor"), number.to_bytes(8), bound_to)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def uncovered(keys: Keys, cursor: str, bound_to: bytes) -> int:
    """The number of such a cursor; `UnreadableError` where it is none, or another's."""
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise UnreadableError from None
    return int.from_bytes(unseal(_index_key(keys.index, "cursor"), sealed, bound_to))


@lru_cache(maxsize=4)
def _index_key(key: bytes, kind: str) -> bytes:
    return hmac.new(key, kind.encode(), hashlib.sha256).digest()


def blind(keys: Keys, kind: str, text: str) -> bytes:
    """A keyed fingerprint for equality search: the same person is found without storing who it is in clear.

    `kind` keeps names, telephone numbers and identity numbers apart. Width, case and spacing do not matter (NFKC).
    """
    plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hmac.new(_index_key(keys.index, kind), plain.encode(), hashlib.sha256).digest()

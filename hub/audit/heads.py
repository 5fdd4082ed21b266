"""Heads of the chain, signed and kept outside the database: what makes a cut or rewritten chain visible."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import text

from hub.base.db import Session
from hub.base.time import now

_LAST = text("select number, entries, head from audit_seal order by number desc limit 1")


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ended at a moment: seals, entries, hash (hex), time (ISO 8601), Ed25519 signature (hex)."""

    number: int
    entries: int
    head: str
    at: str
    signature: str = ""

    def signed_part(self) -> bytes:
        """The bytes that are signed: everything but the signature."""
        return json.dumps([self.number, self.entries, self.head, self.at]).encode()


def check(head: Head, public_key: bytes) -> bool:
    """Whether the signature is ours."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(bytes.fromhex(head.signature), head.signed_part())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key that belongs to the signing seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def read(path: Path) -> Head:
    """A head from its JSON file; ValueError says the file is none."""
    try:
        data = json.loads(path.read_text("utf-8"))
        number, entries = int(data["number"]), int(data["entries"])
        return Head(number, entries, str(data["head"]), str(data["at"]), str(data["signature"]))
    except (KeyError, TypeError, OSError, ValueError, OverflowError, RecursionError) as problem:
        raise ValueError(f"{path} is not an audit head") from problem


async def export(session: Session, seed: bytes, folder: Path) -> Path | None:
    """Write the present head, signed, to `folder`/head-<number>.json and to latest.json; None if nothing is sealed.

    Put the folder on storage that the database's administrators cannot write: that is what the signature stands on.
    """
    last = (await session.execute(_LAST)).first()
    if last is None:
        return None
    bare = Head(last.number, last.entries, last.head.hex(), now().isoformat())
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(bare.signed_part()).hex()
    return _keep(folder, f"head-{last.number:012d}.json", json.dumps(asdict(bare) | {"signature": signature}, indent=1))


def _keep(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target, latest = folder / name, folder / "latest.json"
    _write(target, body)
    with suppress(ValueError):  # another worker may have been further: the last head never goes back
        if latest.exists() and read(latest).number > json.loads(body)["number"]:
            return target
    _write(latest, body)
    return target


def _write(target: Path, body: str) -> None:
    """Whole or not at all, also when two workers share the folder."""
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    with partial.open("w", encoding="utf-8") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)

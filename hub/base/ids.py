"""The one seam for randomness that names things: unguessable ids, receipts, tokens."""

from __future__ import annotations

import secrets
import uuid

_READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0/O, 1/I/L, U


def new_id() -> uuid.UUID:
    """A random UUIDv4: outside ids carry no order and no count."""
    return uuid.uuid4()


def receipt() -> str:
    """A receipt a person can read over the telephone: four groups of four, about 78 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


def token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)

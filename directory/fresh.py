"""Ids of rows that are new here, in the order they are made."""

from __future__ import annotations

import os
import time

_A_MILLISECOND = 1 << 12
_KIND = 7 << 76 | 2 << 62
"""The version and variant of RFC 9562."""


def fresh(count: int) -> list[str]:
    """New UUIDs (version 7), each greater than the one before: what enters together lies together in every index.

    A random one would be put, and looked up, on a page of its own; and a server without OpenSSL opens a file for it.
    """
    now, noise = time.time_ns() // 1_000_000, os.urandom(8 * count)
    return [
        f"{now + i // _A_MILLISECOND << 80 | i % _A_MILLISECOND << 64 | _KIND | word >> 2:032x}"
        for i, word in enumerate(memoryview(noise).cast("Q"))
    ]

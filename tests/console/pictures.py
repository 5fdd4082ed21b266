"""Small PNGs: a picture of a page reduced to a palette of at most 256 colours, which a page of text hardly shows."""

from __future__ import annotations

import base64
import struct
import zlib

from playwright.async_api import Page

from tests.console.browser import script


async def reduced(blank: Page, png: bytes) -> bytes:
    """The same picture as a palette PNG. `blank` is a page of no site, used to read the pixels."""
    found = await blank.evaluate(script("reduce.js"), base64.b64encode(png).decode())
    width, height = int(found["width"]), int(found["height"])
    pixels = base64.b64decode(found["pixels"])
    rows = b"".join(b"\0" + pixels[row * width : (row + 1) * width] for row in range(height))
    palette = bytes(value for colour in found["palette"] for value in colour)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )

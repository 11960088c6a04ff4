"""
Is a server trusted by the authorities that the environment names, and by no others?
"""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from tests.outside.certificates import certificate, server_side
from tests.outside.servers import plain, says, serving
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.errors import OutsideError, Refused
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.trust import trusted


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """
    The certificate and key of a server that no public authority vouches for.
    """
    now = RealClock().now()
    folder = tmp_path_factory.mktemp("tls") / "c"
    return certificate(folder, since=now - timedelta(days=1), until=now + timedelta(days=9))


def status(made: tuple[Path, Path]) -> int:
    """
    What such a server answers to a client of this environment.
    """
    with serving(says(plain()), tls=server_side(*made)) as server:
        client = HttpClient(RealClock(), allow_private=True)
        return client.request("GET", server.url(scheme="https"), timeout=timedelta(seconds=30)).status


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)


@pytest.mark.parametrize("value", [None, ""])
def test_an_authority_that_nobody_named_is_not_trusted(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("SSL_CERT_FILE", value)
    with pytest.raises(OutsideError, match="is not trusted"):
        status(made)


def test_an_authority_in_the_file_that_the_environment_names_is_trusted(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(made[0]))

    assert status(made) == 200


def test_an_authority_in_the_folder_that_the_environment_names_is_trusted(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copy(made[0], tmp_path / "ours.pem")
    subprocess.run(["openssl", "rehash", str(tmp_path)], check=True, capture_output=True)  # noqa: S607 as in a shell
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    assert status(made) == 200


def test_the_file_and_the_folder_are_both_trusted(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(made[0]))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    assert status(made) == 200


def test_what_the_environment_names_stands_instead_of_the_authorities_of_the_system(made: tuple[Path, Path]) -> None:
    authorities = trusted({"SSL_CERT_FILE": str(made[0])}).get_ca_certs()

    assert len(authorities) <= 1


def test_a_file_or_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("hello")
    with pytest.raises(Refused, match=r"SSL_CERT_FILE is .*/none; wanted a file of certificates \(No such file"):
        trusted({"SSL_CERT_FILE": str(tmp_path / "none")})
    with pytest.raises(Refused, match=r"SSL_CERT_FILE is .*/text; .* \(it holds no certificate in PEM\)"):
        trusted({"SSL_CERT_FILE": str(text)})
    with pytest.raises(Refused, match="SSL_CERT_DIR is .*; wanted a folder"):
        trusted({"SSL_CERT_DIR": str(text)})

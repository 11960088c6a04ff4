"""
Where a watch listens, and what it says when it cannot.
"""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from watchkeeper.cli import serving


@pytest.mark.parametrize(
    "listen",
    ["0.0.0.0:8400", "192.0.2.1:80", "example.org:80", "8400", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:²", ""],
)
def test_only_loopback_addresses_are_listened_on(listen):
    with pytest.raises(serving.CannotListen, match="loopback"):
        serving.bind(listen)


def test_a_port_in_use_is_said_at_once_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(serving.CannotListen, match="port 0"):
            serving.bind(f"127.0.0.1:{port}")


def test_port_0_finds_a_free_one_and_says_which():
    with serving.bind("127.0.0.1:0") as bound:
        assert serving.address_of(bound) == f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_whole_watch_in_good_order(tmp_path, how):
    manual = Path(__file__).parents[2] / "examples" / "jamfind"
    (tmp_path / "data").mkdir(mode=0o755)
    command = [sys.executable, "-m", "watchkeeper.cli.main", "up", str(manual)]
    command += ["--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, umask=0o022, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert not list((tmp_path / "data").glob("*-wal"))  # closed, not left for the next start to mend
    open_to_others = [file.name for file in (tmp_path / "data").iterdir() if file.stat().st_mode & 0o077]
    assert open_to_others == []  # the key of links is in there, and who is signed in


@pytest.mark.parametrize("public", ["javascript:alert(1)", "watch.example.org", "https://", "ftp://watch.example.org"])
def test_links_begin_with_an_address_that_a_browser_follows(public):
    with pytest.raises(serving.CannotListen, match="--public"):
        serving.public_base(public)


def test_a_public_address_loses_its_last_slash():
    assert serving.public_base("https://watch.example.org/ops/") == "https://watch.example.org/ops"

"""
Where a watch listens, and what it says when it cannot.
"""

import socket

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
        with pytest.raises(serving.CannotListen, match="another port"):
            serving.bind(f"127.0.0.1:{port}")


def test_port_0_finds_a_free_one_and_says_which():
    with serving.bind("127.0.0.1:0") as bound:
        assert serving.address_of(bound) == f"http://127.0.0.1:{bound.getsockname()[1]}"

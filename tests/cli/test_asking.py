"""
How does a command reach the watch that runs?
"""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import typer

from watchkeeper.cli.asking import call


class Stranger(BaseHTTPRequestHandler):
    """Answers 200 with something that no watch says."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, *_):
        """Quiet."""


def test_what_is_no_watch_is_said_to_be_none(capsys):
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(typer.Exit):
            call(f"http://127.0.0.1:{server.server_port}", "GET", "/api/v1/status")
        thread.join()
    assert "is no Watchkeeper" in capsys.readouterr().err.replace("\n", " ")

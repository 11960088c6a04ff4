"""
`status`: how the watch that runs stands, at the terminal.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from typer.testing import CliRunner

from tests.web.api.conftest import client_of
from tests.web.house import EXAMPLES
from watchkeeper.cli.main import app
from watchkeeper.testing import Story


def test_what_cannot_do_its_work_is_said_with_what_to_set():
    with client_of(Story(EXAMPLES / "jamfind"), troubles=lambda: {"channel team": "set TEAM_HOOK [here]"}) as api:
        told = api.get("/api/v1/status").json()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_):
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        said = CliRunner(env={"COLUMNS": "200"}).invoke(
            app, ["status", "--at", f"http://127.0.0.1:{server.server_port}"]
        )
        thread.join()

    assert said.exit_code == 0, said.output
    assert "channel team cannot do its work: set TEAM_HOOK [here]" in said.output

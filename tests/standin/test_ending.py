"""
The stand-in leaves nothing behind: no process, no port, no telemetry that was not sent.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from standin.__main__ import read_arguments
from tests.standin.conftest import EXAMPLES, JAMFIND, PATIENCE, Running, Sink, command

PARENT = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_everything_recorded_was_sent(
    starts: Callable[..., Running], sink: Sink, number: signal.Signals
) -> None:
    standin = starts("--no-load", "--otlp", sink.url)
    for _ in range(5):
        assert standin.post("app", "/api/vote", json={}).status_code == 200

    standin.process.send_signal(number)

    assert standin.process.wait(PATIENCE) == 0
    assert standin.stop() == ""
    assert sum(span.name == "POST /api/vote" for span in sink.spans) == 5
    assert "jamfind.votes" in sink.metrics
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(standin.ready["app"]).port))


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    with (tmp_path / "ready").open("w+") as ready:
        read, write = os.pipe()
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, *command("--fast")], cwd=EXAMPLES, stdout=write, stderr=ready
        )
        os.close(write)
        with os.fdopen(read) as lines:
            assert lines.readline().startswith("{")
            (child,) = psutil.Process(parent.pid).children()
            parent.kill()
            parent.wait(PATIENCE)
            child.wait(PATIENCE)
            assert lines.read() == ""
        ready.seek(0)
        assert ready.read() == ""


def test_it_ends_when_the_parent_it_was_told_of_was_gone_before_it_looked(starts: Callable[..., Running]) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(PATIENCE)

    standin = starts("--no-load", f"--parent={gone.pid}")

    assert standin.process.wait(PATIENCE) == 0


def test_a_receiver_that_is_away_costs_one_line_and_nothing_else(starts: Callable[..., Running]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        away = f"http://127.0.0.1:{taken.getsockname()[1]}"
    standin = starts("--fast", "--otlp", away)
    assert standin.process.stderr is not None
    said = standin.process.stderr.readline()
    for _ in range(20):
        assert standin.post("app", "/api/vote", json={}).status_code == 200

    assert said.startswith("telemetry is not received, the application goes on")
    assert standin.stop() == ""
    assert standin.process.returncode == 0


def test_a_scenario_that_cannot_be_acted_ends_it_with_every_reason(tmp_path: Path) -> None:
    wrong = tmp_path / "scenario.yaml"
    wrong.write_text("scenario: X\noperations: {ping: {request: PING /, rate: often}}\n")
    ended = subprocess.run([*command()[:3], str(wrong)], cwd=EXAMPLES, capture_output=True, text=True, timeout=PATIENCE)

    assert ended.returncode == 2
    assert "service: Field required" in ended.stderr
    assert "operations.ping.rate: Value error, found 'often', wanted a rate such as 4/s or 500/h" in ended.stderr
    assert "operations.ping.request" in ended.stderr


@pytest.mark.parametrize("option", [["--app", "0.0.0.0:80"], ["--otlp", "http://collector.example:4318"]])
def test_an_address_beyond_this_machine_is_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_arguments([str(JAMFIND), *option])

    assert ended.value.code == 2
    assert "wanted a loopback address" in capsys.readouterr().err

"""
How does a test drive the whole product, as its user would?

`demo` starts the real command in a process of its own and ends it, with everything it started, when the test ends.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from watchkeeper.cli.credentials import token_for

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "watchkeeper.cli.main"]
PATIENCE = 60  # seconds that a slow machine may take for what usually takes two


@dataclass
class Running:
    """
    A demo that runs: where it answers, where its receiver of alerts is, and its process.
    """

    address: str
    receiver: str
    process: "subprocess.Popen[str]"
    said: list[str] = field(default_factory=list)

    def get(self, path: str) -> Any:
        """
        The JSON of an address of the watch.
        """
        with self.opened(path) as answer:
            return json.loads(answer.read())

    def opened(self, path: str) -> Any:
        """
        An address of the watch, asked as its operator.
        """
        token = token_for(self.address, os.environ)
        assert token is not None
        headers = {"Authorization": f"Bearer {token.reveal()}"}
        return urllib.request.urlopen(urllib.request.Request(self.address + path, headers=headers), timeout=10)

    def run(self, *arguments: str) -> str:
        """
        What a command of ours prints when it speaks with this watch.
        """
        environ = {**os.environ, "WATCHKEEPER_AT": self.address, "COLUMNS": "200"}
        done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environ, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def alerts(
        self, wanted: Callable[[dict[str, dict[str, Any]]], bool], *, within: int = PATIENCE
    ) -> dict[str, dict[str, Any]]:
        """
        The alerts by key, once they are as wanted.
        """
        for _ in range(within):
            found = {one["key"]: one for one in self.get("/api/v1/alerts")["alerts"]}
            if wanted(found):
                return found
            urllib.request.urlopen(
                f"{self.receiver}/messages?after=999999&wait=1", timeout=30
            ).close()  # lets a second pass
        raise AssertionError(f"not as wanted within {within} s: {found}")

    def message(self, wanted: Callable[[dict[str, Any]], bool], *, within: int = PATIENCE) -> dict[str, Any]:
        """
        The first message that the receiver got and that is wanted; waits for it.
        """
        after, seen = 0, []
        for _ in range(within):
            with urllib.request.urlopen(f"{self.receiver}/messages?after={after}&wait=1", timeout=30) as answer:
                found = json.loads(answer.read())["messages"]
            one: dict[str, Any]
            for one in sorted(found, key=lambda one: one["number"]):
                after = max(after, one["number"])
                seen.append(one["text"])
                if wanted(one["body"]):
                    return one
        raise AssertionError(f"no such message within {within} s; got {seen}")


@pytest.fixture
def demo() -> Iterator[Running]:
    """
    `watchkeeper demo --fast`, ready, on free ports.
    """
    process = subprocess.Popen(
        [*COMMAND, "demo", "--fast", "--listen", "127.0.0.1:0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    try:
        yield _ready(process)
    finally:
        started = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGINT)
        process.wait(timeout=PATIENCE)
        assert process.stdout is not None
        process.stdout.close()
        _, alive = psutil.wait_procs(started, timeout=5)
        assert not alive, f"left running: {alive}"


def _ready(process: "subprocess.Popen[str]") -> Running:
    said: list[str] = []
    done = threading.Event()
    threading.Thread(target=_listen, args=(process, said, done), daemon=True).start()
    assert done.wait(PATIENCE), f"the demo said no more after {said}"
    text = "".join(said)
    address = re.search(r"manual: (\S+)", text)
    receiver = re.search(r"receiver of alerts got\s+(\S+)", text)
    assert address, text
    assert receiver, text
    return Running(address=address[1], receiver=receiver[1], process=process, said=said)


def _listen(process: "subprocess.Popen[str]", said: list[str], done: threading.Event) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    done.set()

"""
How does a newcomer see a real manual run?

Starts the stand-in application of an example, then a watch with its manual, then turns the telemetry of the one to the
other. Ctrl-C ends all of it; nothing is left behind unless `--data` says so.
"""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.cli import serving
from watchkeeper.cli.asking import USUAL, call
from watchkeeper.cli.say import err, out
from watchkeeper.daemon import Settings

READY_SECONDS = 30
VISITOR = "demo"  # the account of whoever visits a demo from this machine


class NoDemo(Exception):
    """
    The demo cannot be shown; the text says why and what to do.
    """


def demo(system: str, *, fast: bool, listen: str, data: Path | None) -> int:
    """
    Run the demo until it is ended; the exit status.
    """
    try:
        with ExitStack() as stack:
            folder = example(system)
            bound = stack.enter_context(serving.bind(listen))
            standin = stack.enter_context(running(folder, fast=fast))
            kept = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watchkeeper-demo-")))
            return _watch(folder, standin, bound, fast=fast, data=kept)
    except (NoDemo, serving.CannotListen) as error:
        err.print(str(error), markup=False)
        return 1


def _watch(folder: Path, standin: "StandIn", bound: socket.socket, *, fast: bool, data: Path) -> int:
    address = serving.address_of(bound)
    environ = {
        **os.environ,
        f"{folder.name.upper()}_URL": standin.addresses["app"],
        "ALERT_WEBHOOK_URL": standin.addresses["receiver"] + "/webhook",
        "NTFY_URL": standin.addresses["receiver"],  # the telephones of the people, who are invented
    }
    settings = Settings(manual=folder, data=data, address=address, environ=environ, fast=fast, allow_private=True)
    daemon = serving.opened(settings)
    if daemon is None:
        return 1

    def ready() -> None:
        token = daemon.watch.accounts.machine_token("stand-in", ["ingest"]).reveal()
        call(standin.addresses["control"], "POST", "/telemetry", {"to": address, "token": token}, known=False)
        welcome(daemon.watch.standing.manual.manual, address, standin.addresses, fast=fast)

    serving.serve(daemon, bound, ready=ready, ending=standin.end, control=standin.addresses["control"], demo=VISITOR)
    return 0


def welcome(manual: str, address: str, standin: dict[str, str], *, fast: bool) -> None:
    """
    Say where to look and what to try.
    """
    us = command()
    at = "" if address == USUAL else f" --at {address}"
    tries = (
        ("fault vendor-429-storm", "a vendor limits us: one alert, for that platform alone"),
        ("fault vendor-429-storm off", "and it resolves"),
        ("status", "how everything stands"),
    )
    out.print(f"[bold]Watchkeeper runs the {manual} manual:[/bold] {address}")
    out.print(f"  the application, under traffic   {standin['app']}")
    out.print(f"  what the receiver of alerts got  {standin['receiver']}")
    out.print("      [dim]and what pages whoever is on call: the people are invented, their telephones are there[/dim]")
    if fast:
        out.print("  fast: a minute of the manual passes as a second")
    out.print("Try, in another terminal:")
    for what, why in tries:
        out.print(f"  {us} {what}{at}", soft_wrap=True)
        out.print(f"      [dim]{why}[/dim]")
    out.print("[dim]Ctrl-C ends everything.[/dim]")


def command() -> str:
    """
    How this command is called from where its user stands.
    """
    called = Path(sys.argv[0])
    if called.name != "watchkeeper" or shutil.which("watchkeeper") == str(called):
        return "watchkeeper"
    return os.path.relpath(called)


def example(system: str) -> Path:
    """
    The folder of an example that has both a manual and a scenario.
    """
    root = examples()
    ready = sorted(one.parent.name for one in root.glob("*/scenario.yaml") if (one.parent / "manual.yaml").exists())
    if system not in ready:
        raise NoDemo(f"--system: found {system!r}; wanted one with a scenario: {', '.join(ready)}")
    return root / system


def examples() -> Path:
    """
    The examples of the repository that this runs from.
    """
    for root in (Path(__file__).parents[3] / "examples", Path.cwd() / "examples"):
        if (root / "standin").is_dir():
            return root
    raise NoDemo("the demo runs from a clone of the repository (it needs its folder `examples`); change into it")


@dataclass(slots=True)
class StandIn:
    """
    The stand-in application that runs: its addresses, and its process.
    """

    addresses: dict[str, str]
    process: "subprocess.Popen[str]"

    def end(self) -> None:
        """
        End it; it sends what it still has to say first.
        """
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(folder: Path, *, fast: bool) -> Iterator[StandIn]:
    """
    The stand-in application of an example; ended when the block ends. Ctrl-C reaches us alone, and we end it.

    It is told who we are: when we end between its birth and our knowing of it, it finds another parent and ends too.
    """
    command = [sys.executable, "-m", "standin", str(folder / "scenario.yaml"), f"--parent={os.getpid()}"]
    command += ["--fast"] if fast else []
    process = subprocess.Popen(  # noqa: S603  an argument vector of our own, no shell
        command,
        cwd=folder.parent,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    standin = StandIn(addresses={}, process=process)
    try:
        standin.addresses = _ready(process)
        yield standin
    finally:
        standin.end()
        if process.stdout is not None:
            process.stdout.close()


def _ready(process: "subprocess.Popen[str]") -> dict[str, str]:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], READY_SECONDS)
    line = process.stdout.readline() if readable else ""
    if not line:
        raise NoDemo("the stand-in application did not start; its own words stand above")
    return {name: value for name, value in json.loads(line).items() if isinstance(value, str)}

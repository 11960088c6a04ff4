"""
How does a newcomer see a real manual run?

Starts the stand-in application of an example, then a watch with its manual, then turns the telemetry of the one to the
other. Ctrl-C ends all of it; nothing is left behind unless `--data` says so.
"""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from watchkeeper.cli import serving
from watchkeeper.cli.asking import call
from watchkeeper.cli.say import err, out
from watchkeeper.daemon import Settings

READY_SECONDS = 30


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


def _watch(folder: Path, standin: dict[str, Any], bound: Any, *, fast: bool, data: Path) -> int:
    address = serving.address_of(bound)
    environ = {
        **os.environ,
        f"{folder.name.upper()}_URL": standin["app"],
        "ALERT_WEBHOOK_URL": standin["receiver"] + "/webhook",
    }
    settings = Settings(manual=folder, data=data, address=address, environ=environ, fast=fast, allow_private=True)
    daemon = serving.opened(settings)
    if daemon is None:
        return 1

    def ready() -> None:
        call(standin["control"], "POST", "/telemetry", {"to": address})
        welcome(address, standin, fast=fast)

    serving.serve(daemon, bound, ready=ready, control=standin["control"])
    return 0


def welcome(address: str, standin: dict[str, Any], *, fast: bool) -> None:
    """
    Say where to look and what to try.
    """
    other = "" if address == "http://127.0.0.1:8400" else f" --at {address}"
    out.print(f"[bold]Watchkeeper runs the JamFind manual:[/bold] {address}")
    out.print(f"  the application, under traffic   {standin['app']}")
    out.print(f"  what the receiver of alerts got  {standin['receiver']}")
    if fast:
        out.print("  fast: a minute of the manual passes as a second")
    out.print("Try, in another terminal:")
    out.print(
        f"  watchkeeper fault vendor-429-storm{other}        [dim]a vendor limits us: one alert, for that platform alone[/dim]"
    )
    out.print(f"  watchkeeper fault vendor-429-storm off{other}    [dim]and it resolves[/dim]")
    out.print(f"  watchkeeper status{other}")
    out.print("[dim](.venv/bin/watchkeeper, where the command is not on your PATH.) Ctrl-C ends everything.[/dim]")


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


@contextmanager
def running(folder: Path, *, fast: bool) -> Iterator[dict[str, Any]]:
    """
    The stand-in application of an example; ended when the block ends.
    """
    command = [sys.executable, "-m", "standin", str(folder / "scenario.yaml"), *(["--fast"] if fast else [])]
    process = subprocess.Popen(command, cwd=folder.parent, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    try:
        yield _ready(process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _ready(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], READY_SECONDS)
    line = process.stdout.readline() if readable else ""
    if not line:
        raise NoDemo("the stand-in application did not start; its own words stand above")
    ready: dict[str, Any] = json.loads(line)
    return ready

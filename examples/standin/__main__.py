"""
The stand-in: a real application, its vendors and its users, in one process.

    cd examples && python -m standin jamfind/scenario.yaml --otlp http://127.0.0.1:4318

Prints one line of JSON with every address when it is ready, then one line for each notification that its receiver gets.
Ends within two seconds on Ctrl-C, on SIGTERM and when its parent is gone.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx2

from standin.app import Application
from standin.control import Control, is_loopback_url
from standin.doors import Doors, split_address
from standin.faults import Faults
from standin.load import Load
from standin.receiver import Printer, Receiver
from standin.scenario import Scenario, ScenarioMistake, load_scenario
from standin.telemetry import Telemetry
from standin.vendors import vendor_app

PARENT_LOOK_SECONDS = 0.2
ANY = "127.0.0.1:0"


def main() -> int:
    options = read_arguments(sys.argv[1:])
    parent = options.parent or os.getppid()
    try:
        scenario = load_scenario(options.scenario)
        asyncio.run(Standin(scenario, options).run(parent))
    except ScenarioMistake as mistake:
        print(f"this scenario cannot be acted:\n{mistake}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot listen: {error}", file=sys.stderr)
        return 1
    sys.stdout.flush()
    os._exit(0)  # a telemetry thread that is still waiting for its receiver must not hold up the end


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """
    The command line, typed; ends the process with a sentence when it is wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m standin", description="Acts the application of a scenario file.")
    parser.add_argument("scenario", type=Path, help="the scenario file, such as jamfind/scenario.yaml")
    for door in ("app", "control", "receiver"):
        parser.add_argument(
            f"--{door}", type=_address, default=ANY, metavar="HOST:PORT", help="loopback; port 0: a free one"
        )
    parser.add_argument(
        "--otlp", type=_target, metavar="URL", help="where the telemetry goes; none: nowhere, until told"
    )
    parser.add_argument("--fast", action="store_true", help="more traffic and quicker telemetry, for short windows")
    parser.add_argument(
        "--semconv", choices=["new", "old"], help="which HTTP attribute names; default: as the scenario says"
    )
    parser.add_argument(
        "--parent",
        type=int,
        metavar="PID",
        help="end when this process is no longer the parent; default: whoever started it",
    )
    parser.add_argument("--no-load", action="store_true", help="start without users; POST /load brings them")
    return parser.parse_args(arguments)


class Standin:
    """
    Wires the parts of one scenario and runs them until it is told to stop.
    """

    def __init__(self, scenario: Scenario, options: argparse.Namespace) -> None:
        self._scenario = scenario.model_copy(update={"semconv": options.semconv}) if options.semconv else scenario
        self._options = options

    async def run(self, parent: int) -> None:
        scenario, options, stop = self._scenario, self._options, asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        faults, doors = Faults(scenario), Doors()
        telemetry = Telemetry(scenario, faults, fast=options.fast)
        telemetry.point_at(options.otlp)
        async with _client() as to_app, _client() as to_vendors:
            vendors = {
                name: doors.open(vendor_app(name, vendor, faults, seed=scenario.seed))
                for name, vendor in scenario.vendors.items()
            }
            application = Application(scenario, faults, telemetry, to_vendors, vendors)
            app = doors.open(application.asgi, options.app)
            load = Load(scenario, faults, to_app, app, times=scenario.fast.rate if options.fast else 1.0)
            load.on = not options.no_load
            printer = Printer()
            addresses = {
                "app": app,
                "control": doors.open(
                    Control(scenario, faults, load, telemetry, fast=options.fast).asgi(), options.control
                ),
                "receiver": doors.open(Receiver(lambda: faults.receiver_answers, printer).asgi(), options.receiver),
                "vendors": vendors,
            }
            await self._serve(
                doors, load, stop, parent, ready=json.dumps({**addresses, "pid": os.getpid()}), printer=printer
            )
        await asyncio.to_thread(telemetry.stop)

    async def _serve(
        self, doors: Doors, load: Load, stop: asyncio.Event, parent: int, *, ready: str, printer: Printer
    ) -> None:
        serving = asyncio.create_task(doors.serve())
        running = [asyncio.create_task(load.run()), asyncio.create_task(_watch_parent(parent, stop))]
        printer(ready)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([serving, *running, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in [*running, stopping]:
            task.cancel()
        ends = await asyncio.gather(*running, stopping, return_exceptions=True)
        doors.close()
        await serving
        for end in ends:
            if isinstance(end, Exception):
                raise end


async def _watch_parent(parent: int, stop: asyncio.Event) -> None:
    """
    Stops when the parent is gone: the kernel then gives the process another one.
    """
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_LOOK_SECONDS)
    stop.set()


def _client() -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=300, max_keepalive_connections=100)
    return httpx2.AsyncClient(trust_env=False, timeout=15, limits=limits)


def _address(text: str) -> str:
    try:
        split_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _target(text: str) -> str:
    if not is_loopback_url(text):
        raise argparse.ArgumentTypeError(f"found {text!r}, wanted a loopback address such as http://127.0.0.1:4318")
    return text


if __name__ == "__main__":
    sys.exit(main())

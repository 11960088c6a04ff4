"""
How does a command reach the watch that runs?

Over HTTP on this machine: `--at`, else WATCHKEEPER_AT, else the usual address.
"""

import json
from typing import Annotated, Any

import typer

from watchkeeper.cli.say import err
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.errors import OutsideError
from watchkeeper.outside.http import HttpClient

USUAL = "http://127.0.0.1:8400"

At = Annotated[str, typer.Option("--at", envvar="WATCHKEEPER_AT", help="Where the watch answers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def call(at: str, method: str, path: str, change: dict[str, Any] | None = None) -> Any:
    """
    The JSON answer of the watch; ends the command with a sentence where there is none.
    """
    body = None if change is None else json.dumps(change).encode()
    headers = {} if body is None else {"content-type": "application/json"}
    try:
        answer = HttpClient(RealClock(), allow_private=True).request(
            method, at.rstrip("/") + path, headers=headers, body=body
        )
    except OutsideError as error:
        err.print(f"no watch answers at {at}: {error}")
        err.print("start one with: watchkeeper demo, or watchkeeper up MANUAL; or say where it is with --at")
        raise typer.Exit(1) from None
    found = _json(answer.body)
    if not answer.ok:
        why = found.get("error") or found.get("detail") if isinstance(found, dict) else None
        err.print(str(why or f"the watch answered {answer.status}"))
        raise typer.Exit(1)
    if not isinstance(found, dict) or not found:
        err.print(f"what answers at {at} is no Watchkeeper; say where it is with --at", markup=False)
        raise typer.Exit(1)
    return found


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {}

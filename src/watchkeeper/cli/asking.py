"""
How does a command reach the watch that runs?

Over HTTP: `--at`, else WATCHKEEPER_AT, else the usual address. It comes in with WATCHKEEPER_TOKEN, or as the operator
of the watch on this machine.
"""

import json
import os
from typing import Annotated, Any

import typer

from watchkeeper.cli.credentials import SecretFault, token_for
from watchkeeper.cli.say import err
from watchkeeper.outside.clock import RealClock
from watchkeeper.outside.errors import OutsideError
from watchkeeper.outside.http import HttpClient
from watchkeeper.outside.secrets import Secret

USUAL = "http://127.0.0.1:8400"

At = Annotated[str, typer.Option("--at", envvar="WATCHKEEPER_AT", help="Where the watch answers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def call(at: str, method: str, path: str, change: dict[str, Any] | None = None, *, known: bool = True) -> Any:
    """
    The JSON answer of the watch; ends the command with a sentence where there is none. Without `known` it does not say
    who asks.
    """
    body = None if change is None else json.dumps(change).encode()
    headers: dict[str, str | Secret] = {} if body is None else {"content-type": "application/json"}
    if known:
        headers |= _credentials(at)
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
        err.print(str(why or f"the watch answered {answer.status}"), markup=False)
        if answer.status == 401:
            err.print("say who asks with WATCHKEEPER_TOKEN, or run this as the user and on the machine of the watch")
        raise typer.Exit(1)
    if not isinstance(found, dict) or not found:
        err.print(f"what answers at {at} is no Watchkeeper; say where it is with --at", markup=False)
        raise typer.Exit(1)
    return found


def _credentials(at: str) -> dict[str, str | Secret]:
    try:
        token = token_for(at, os.environ)
    except SecretFault as fault:
        err.print(str(fault), markup=False)
        raise typer.Exit(1) from None
    return {} if token is None else {"authorization": Secret(f"Bearer {token.reveal()}")}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return {}

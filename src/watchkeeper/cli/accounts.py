"""
How does one make accounts and tokens, and read the record, from a terminal?
"""

import sys
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from watchkeeper.cli.asking import USUAL, AsJson, At, call
from watchkeeper.cli.say import as_json, out, plain, state, table

PREFIX = "/api/v1"

app = typer.Typer(help="Who may sign in: list accounts, make one, change one.", no_args_is_help=True)
tokens_app = typer.Typer(help="Which programs may come in: list tokens, make one, revoke one.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that the person signs in with.")]
Role = Annotated[str, typer.Option(help="viewer, responder, manager or admin.")]
Person = Annotated[str, typer.Option(help="Their name among the people of the manual.")]


@app.command("list")
def list_(at: At = USUAL, json: AsJson = False) -> None:
    """
    Say who has an account.
    """
    found = call(at, "GET", f"{PREFIX}/accounts")
    if json:
        as_json(found)
        return
    if not found["accounts"]:
        out.print("Nobody has an account. The first is made with the set-up token that `watchkeeper up` prints.")
        return
    rows = [[plain(one["name"]), one["role"], plain(one["person"]), _standing(one)] for one in found["accounts"]]
    table(["name", "role", "in the manual", ""], rows, whole=2)


@app.command()
def add(name: Name, role: Role = "responder", person: Person = "", at: At = USUAL, json: AsJson = False) -> None:
    """
    Make an account. Its first password is asked for, or read from a pipe.
    """
    wish = {"name": name, "role": role, "person": person, "password": _password()}
    found = call(at, "POST", f"{PREFIX}/accounts", wish)
    if json:
        as_json(found)
        return
    out.print(f"[bold]{plain(found['name'])}[/bold] can sign in as {found['role']}")


@app.command()
def change(
    name: Name,
    role: Annotated[str | None, typer.Option(help="viewer, responder, manager or admin.")] = None,
    person: Annotated[str | None, typer.Option(help="Their name among the people of the manual.")] = None,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Give an account another role, or another person of the manual.
    """
    _changed(at, name, {"role": role, "person": person}, json=json)


@app.command()
def password(name: Name, at: At = USUAL, json: AsJson = False) -> None:
    """
    Give an account another password, which is asked for or read from a pipe. It is signed out everywhere.
    """
    _changed(at, name, {"password": _password()}, json=json)


@app.command()
def disable(name: Name, at: At = USUAL, json: AsJson = False) -> None:
    """
    Sign an account out for good; its tokens let nobody in any more. It stays, for the record names it.
    """
    _changed(at, name, {"disabled": True}, json=json)


@app.command()
def enable(name: Name, at: At = USUAL, json: AsJson = False) -> None:
    """
    Let a disabled account sign in again.
    """
    _changed(at, name, {"disabled": False}, json=json)


@tokens_app.command("list")
def list_tokens(at: At = USUAL, json: AsJson = False) -> None:
    """
    Say which tokens there are, what they may, and when they were used last.
    """
    found = call(at, "GET", f"{PREFIX}/tokens")
    if json:
        as_json(found)
        return
    rows = [
        [
            str(one["number"]),
            plain(one["name"]),
            f"{one['shown']}…",
            " ".join(one["scopes"]),
            plain(one["owner"] or "nobody's own"),
            _ends(one),
            shown(one["used"]) if one["used"] else "never",
        ]
        for one in found["tokens"]
    ]
    table(["", "what for", "begins", "may", "whose", "ends", "used"], rows, whole=3)


@tokens_app.command("add")
def add_token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[list[str], typer.Option(help="ingest, read, respond, manage or admin; may be given again.")],
    days: Annotated[int, typer.Option(min=0, max=3650, help="How long it lasts; 0: until it is revoked.")] = 365,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Make a token that is nobody's own. It is told this once, on a line of its own.
    """
    found = call(at, "POST", f"{PREFIX}/tokens", {"name": name, "scopes": scope, "days": days or None})
    if json:
        as_json(found)
        return
    out.print(found["token"], markup=False, soft_wrap=True)


@tokens_app.command()
def revoke(
    number: Annotated[int, typer.Argument(min=1, help="Which token.")], at: At = USUAL, json: AsJson = False
) -> None:
    """
    Let nobody in with a token any more.
    """
    found = call(at, "POST", f"{PREFIX}/tokens/{number}/revoke", {})
    if json:
        as_json(found)
        return
    out.print(f"revoked: {plain(found['name'])}")


def audit(
    who: Annotated[str, typer.Option(help="Only of this person or program.")] = "",
    target: Annotated[str, typer.Option(help="Only about this, such as incident/7.")] = "",
    refused: Annotated[bool, typer.Option("--refused", help="Only what was refused.")] = False,
    most: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Say who changed what, and what was refused, newest first.
    """
    asked = {"most": most, "who": who, "target": target, "outcome": "refused" if refused else ""}
    found = call(at, "GET", f"{PREFIX}/audit?{urlencode(asked)}")
    if json:
        as_json(found)
        return
    rows = [
        [
            shown(one["at"]),
            plain(f"{one['who']} ({one['through']})" if one["through"] else one["who"]),
            plain(one["action"]) + (" [red]refused[/red]" if one["outcome"] == "refused" else ""),
            plain(one["target"]),
            plain(", ".join(f"{key}: {value}" for key, value in one["detail"].items())),
        ]
        for one in found["audit"]
    ]
    table(["at", "who", "what", "to what", ""], rows, whole=1)


def _changed(at: str, name: str, change: dict[str, Any], *, json: bool) -> None:
    wish = {key: value for key, value in change.items() if value is not None}
    if not wish:
        raise typer.BadParameter("found nothing to change; wanted --role or --person")
    found = call(at, "POST", f"{PREFIX}/accounts/{quote(name, safe='')}", wish)
    if json:
        as_json(found)
        return
    out.print(f"[bold]{plain(found['name'])}[/bold]: {found['role']}, {_standing(found)}")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def shown(text: str) -> str:
    """
    An instant in this machine's zone, to the minute.
    """
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def _standing(one: dict[str, Any]) -> str:
    if one["disabled"]:
        return f"{state('withdrawn')}: disabled {shown(one['disabled'])}"
    return "can sign in" if one["password"] else "no password yet"


def _ends(one: dict[str, Any]) -> str:
    if one["revoked"]:
        return f"revoked {shown(one['revoked'])}"
    return shown(one["expires"]) if one["expires"] else "never"

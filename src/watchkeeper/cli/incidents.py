"""
How does one run an incident from a terminal?
"""

from datetime import datetime
from typing import Annotated, Any

import typer

from watchkeeper.cli.asking import USUAL, AsJson, At, call
from watchkeeper.cli.say import as_json, counted, out, plain, table
from watchkeeper.manual.words import words_ns

PATH = "/api/v1/incidents"

app = typer.Typer(
    help="Incidents: who has which, what is owed by when, what happened; and everything that people do with them.",
    no_args_is_help=True,
)

Number = Annotated[int, typer.Argument(help="The incident's number.", min=1)]
Words = Annotated[str, typer.Argument(help="What to write.")]


@app.command("list")
def list_(
    most: Annotated[int, typer.Option(help="How many at most.", min=1, max=200)] = 20,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Say which incidents there are, and who has them.
    """
    found = call(at, "GET", f"{PATH}?most={most}")
    if json:
        as_json(found)
        return
    if not found["incidents"]:
        out.print("There was no incident yet.")
        return
    table(["", "incident", "severity", "stage", "who", "opened"], [_row(one) for one in found["incidents"]], whole=1)


@app.command()
def show(number: Number, at: At = USUAL, json: AsJson = False) -> None:
    """
    Say how an incident stands: its clocks, its people, its timeline.
    """
    _say(call(at, "GET", f"{PATH}/{number}"), json=json, whole=True)


@app.command("open")
def open_(
    title: Annotated[str, typer.Argument(help="What is the matter.")],
    severity: Annotated[str, typer.Option(help="How bad it is: a severity of the manual.")],
    service: Annotated[str | None, typer.Option(help="What it is about.")] = None,
    alert: Annotated[list[str] | None, typer.Option(help="The key of an alert that belongs to it.")] = None,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Open an incident: its clocks start, and whoever the policy of incidents names is paged.
    """
    wish = {"title": title, "severity": severity, "service": service, "alerts": alert or []}
    _say(call(at, "POST", PATH, wish), json=json)


@app.command()
def acknowledge(
    number: Annotated[int | None, typer.Argument(help="Its number; without it the one that nobody has.")] = None,
    assignee: Annotated[str | None, typer.Option(help="Who has it: a person of the manual.")] = None,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Have an incident: nobody else is paged about it.
    """
    if number is None:
        change = {"status": "acknowledged", "assignee": assignee}
        _say(call(at, "POST", "/api/admin/incidents", change), json=json)
        return
    _deed(at, number, "acknowledge", {"assignee": assignee}, json=json)


@app.command()
def stage(
    number: Number,
    to: Annotated[str | None, typer.Argument(metavar="[STAGE]", help="Which one; the next unless said.")] = None,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Go on to the next stage of the process, or to this one.
    """
    _deed(at, number, "stage", {"stage": to}, json=json)


@app.command()
def step(
    number: Number,
    of: Annotated[str, typer.Argument(metavar="STAGE", help="A stage, or `runbook NAME`.")],
    place: Annotated[int, typer.Argument(metavar="STEP", help="Which step, from 1.", min=1)],
    undo: Annotated[bool, typer.Option("--undo", help="It is not done after all.")] = False,
    note: Annotated[str, typer.Option(help="What came of it.")] = "",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Tick off a step of a checklist.
    """
    _deed(at, number, "steps", {"stage": of, "step": place, "done": not undo, "note": note}, json=json)


@app.command()
def role(
    number: Number,
    name: Annotated[str, typer.Argument(metavar="ROLE", help="commander, communications, scribe, responders ...")],
    person: Annotated[str | None, typer.Option(help="Who; yourself unless said.")] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Give it back.")] = False,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Take a role, or give it to somebody, or give it back.
    """
    _deed(at, number, "roles", {"role": name, "person": person, "held": not drop}, json=json)


@app.command()
def severity(
    number: Number,
    to: Annotated[str, typer.Argument(metavar="SEVERITY", help="How bad it is.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Change how bad it is; the deadlines follow.
    """
    _deed(at, number, "severity", {"severity": to, "reason": reason}, json=json)


@app.command()
def note(number: Number, text: Words, at: At = USUAL, json: AsJson = False) -> None:
    """
    Write a line on the timeline.
    """
    _deed(at, number, "notes", {"text": text}, json=json)


@app.command()
def update(number: Number, text: Words, at: At = USUAL, json: AsJson = False) -> None:
    """
    Tell everybody who hears of it how it goes.
    """
    _deed(at, number, "updates", {"text": text}, json=json)


@app.command()
def summary(number: Number, text: Words, at: At = USUAL, json: AsJson = False) -> None:
    """
    Say what is known.
    """
    _deed(at, number, "summary", {"text": text}, json=json)


@app.command()
def merge(
    number: Number,
    into: Annotated[int, typer.Argument(help="The incident that it goes on as.", min=1)],
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Say that it is the same as another one.
    """
    _deed(at, number, "merge", {"into": into}, json=json)


@app.command()
def split(
    number: Number,
    alert: Annotated[list[str], typer.Option(help="The key of an alert that is another matter.")],
    title: Annotated[str, typer.Option(help="What that is.")] = "",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Give some of its alerts an incident of their own.
    """
    _deed(at, number, "split", {"alerts": alert, "title": title}, json=json)


@app.command()
def close(number: Number, at: At = USUAL, json: AsJson = False) -> None:
    """
    Close it.
    """
    _deed(at, number, "close", {}, json=json)


@app.command()
def reopen(number: Number, at: At = USUAL, json: AsJson = False) -> None:
    """
    Undo its closing.
    """
    _deed(at, number, "reopen", {}, json=json)


@app.command()
def times(
    days: Annotated[int, typer.Option(help="Of the last so many days.", min=1, max=3660)] = 30,
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Say how long it took until somebody had it (MTTA), until it was over (MTTR), and where the time went.
    """
    found = call(at, "GET", f"/api/v1/response-times?days={days}")
    if json:
        as_json(found)
        return
    rows = [
        ["until somebody had it", *_spans(found["acknowledge"])],
        ["until it was over", *_spans(found["resolve"])],
        *(["in " + plain(name), *_spans(spans)] for name, spans in found["stages"].items()),
    ]
    out.print(f"{counted(found['incidents'], 'incident')} in {counted(days, 'day')}")
    table(["", "incidents", "mean", "median", "longest"], rows, whole=1)
    for name, kept in found["clocks"].items():
        out.print(f"{plain(name)}: {kept['met']} in time, {kept['missed']} late")


def _deed(at: str, number: int, deed: str, change: dict[str, Any], *, json: bool) -> None:
    _say(call(at, "POST", f"{PATH}/{number}/{deed}", change), json=json)


def _say(found: dict[str, Any], *, json: bool, whole: bool = False) -> None:
    if json:
        as_json(found)
        return
    who = f"{found['acknowledged_by']} has it" if found["acknowledged_by"] else "nobody has it"
    stands = ", ".join(part for part in (found["state"], found["stage"], who) if part)
    out.print(f"[bold]#{found['number']} {plain(found['title'])}[/bold] {plain(found['severity'])}: {plain(stands)}")
    for clock in found["clocks"]:
        if clock["met"] is None:
            word = "missed, was due" if clock["missed"] else "due"
            out.print(f"  {plain(clock['name'])}: {word} {_time(clock['due'])}")
    if not whole:
        return
    if found["summary"]:
        out.print(f"  {plain(found['summary'])}")
    for held in found["roles"]:
        out.print(f"  {plain(held['role'])}: {plain(held['person'])}")
    table(
        ["", "", ""],
        [[_time(one["at"]), plain(one["text"]), plain(one["by"])] for one in found["timeline"]],
        whole=1,
    )


def _row(one: dict[str, Any]) -> list[str]:
    who = one["acknowledged_by"] or ("nobody" if one["state"] == "open" else "")
    title = f"{'open' if one['state'] == 'open' else 'closed'}: {plain(one['title'])}"
    return [f"#{one['number']}", title, plain(one["severity"]), plain(one["stage"]), plain(who), _time(one["opened"])]


def _spans(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return ["0", "", "", ""]
    return [str(found["n"]), *(_words(found[f"{name}_seconds"]) for name in ("mean", "median", "longest"))]


def _words(seconds: float) -> str:
    return words_ns(round(seconds) * 10**9)


def _time(text: str) -> str:
    """
    An instant in this machine's zone, to the minute.
    """
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")

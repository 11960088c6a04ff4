"""
Which commands are there?

    watchkeeper demo                     a real manual against a stand-in application, under traffic
    watchkeeper up MANUAL                run your own
    watchkeeper lint | show MANUAL       what a manual says, and what is wrong with it
    watchkeeper status | reload | fault  speak with the watch that runs
    watchkeeper oncall                   who is on call, who next; holes, overrides, swaps
    watchkeeper page                     who is paged, who has it; acknowledge, snooze, escalate, send a test
    watchkeeper incident                 run an incident: have it, stages, roles, notes, close; how long things took
    watchkeeper runbook                  which runbooks there are, and what each would run
    watchkeeper silence                  hear nothing of some alerts for a time, and undo it
    watchkeeper exclusion                take minutes out of the numbers, and put them back
    watchkeeper account | token          who may sign in, and which programs may come in
    watchkeeper audit                    who changed what, and what was refused
    watchkeeper db                       check what is remembered, back it up, restore it
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from watchkeeper.cli import accounts, db, exclusions, incidents, oncall, pages, reading, runbooks, silences, switches
from watchkeeper.cli.asking import USUAL, AsJson, At, call
from watchkeeper.cli.say import as_json, lines, out, plain, state, table

app = typer.Typer(
    help="Makes a team's operations manual run: measures, decides, acts, and proves that every alert arrives.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.add_typer(oncall.app, name="oncall")
app.add_typer(pages.app, name="page")
app.add_typer(incidents.app, name="incident")
app.add_typer(runbooks.app, name="runbook")
app.add_typer(silences.app, name="silence")
app.add_typer(switches.app, name="switch")
app.add_typer(exclusions.app, name="exclusion")
app.add_typer(accounts.app, name="account")
app.add_typer(accounts.tokens_app, name="token")
app.command("audit")(accounts.audit)
app.add_typer(db.app, name="db")

ManualPath = Annotated[
    Path, typer.Argument(metavar="MANUAL", help="A folder with manual.yaml, or a YAML file.", exists=True)
]
Listen = Annotated[str, typer.Option(help="HOST:PORT to answer on; loopback only in this version.")]


@app.command()
def up(
    manual: ManualPath,
    data: Annotated[Path, typer.Option(help="The folder that holds everything remembered.")] = Path("watchkeeper-data"),
    listen: Listen = "127.0.0.1:8400",
    public: Annotated[str | None, typer.Option(help="The address that links in messages begin with.")] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Minutes of the manual pass as seconds.")] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Checks and channels may reach this machine and private networks.")
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Remember in this PostgreSQL instead of the folder: postgresql://user@host/name. "
            "With a password: WATCHKEEPER_DATABASE.",
        ),
    ] = None,
) -> None:
    """
    Run a manual.
    """
    from watchkeeper.cli import serving  # the daemon and its server take seconds to import: only those who serve wait

    serving.Early.listen()
    raise typer.Exit(
        serving.up(
            manual,
            data=data,
            listen=listen,
            public=public,
            fast=fast,
            allow_private=allow_private,
            database=database,
        )
    )


@app.command()
def demo(
    system: Annotated[str, typer.Option(help="Which of the example manuals.")] = "jamfind",
    fast: Annotated[bool, typer.Option("--fast", help="Minutes of the manual pass as seconds.")] = False,
    listen: Listen = "127.0.0.1:8400",
    data: Annotated[Path | None, typer.Option(help="Keep what is remembered here; else it is thrown away.")] = None,
) -> None:
    """
    Run an example manual against a stand-in application under traffic.
    """
    from watchkeeper.cli import demo as demo_
    from watchkeeper.cli import serving

    serving.Early.listen()
    raise typer.Exit(demo_.demo(system, fast=fast, listen=listen, data=data))


@app.command()
def lint(manual: ManualPath, json: AsJson = False) -> None:
    """
    Say what is wrong with a manual. Ends with 1 for mistakes and for certain findings that nobody accepted.
    """
    raise typer.Exit(reading.lint(manual, json=json))


@app.command()
def show(manual: ManualPath, json: AsJson = False) -> None:
    """
    Say what a manual says, and what of it is live.
    """
    raise typer.Exit(reading.show(manual, json=json))


@app.command()
def status(at: At = USUAL, json: AsJson = False) -> None:
    """
    Say how the watch that runs stands: objectives, alerts, incidents.
    """
    found = call(at, "GET", "/api/v1/status")
    if json:
        as_json(found)
        return
    out.print(f"[bold]{plain(found['says'])}[/bold]")
    if found["alerts"]:
        rows = [
            [state(one["state"]), plain(one["key"]), plain(one["severity"] or ""), plain(one["says"])]
            for one in found["alerts"]
        ]
        table(["", "alert", "severity", "numbers"], rows, whole=2)
    rows = [
        [state(one["standing"]), plain(one["name"]), plain(one["now"]), plain(one["budget"])]
        for one in found["objectives"]
    ]
    table(["", "objective", "now", "budget left"], rows, whole=2)
    for one in found["troubles"]:
        out.print(f"{plain(one['what'])} cannot do its work: {plain(one['why'])}")


@app.command()
def reload(at: At = USUAL, json: AsJson = False) -> None:
    """
    Make the watch that runs read its manual again: all of it or, with a mistake in it, nothing.
    """
    found = call(at, "POST", "/api/v1/reload", {})
    if json:
        as_json(found)
    elif found.get("mistakes"):
        out.print("not reloaded; the manual before goes on:")
        lines(found["mistakes"])
    else:
        out.print(f"reloaded: revision {found['revision']}")
    raise typer.Exit(1 if found.get("mistakes") else 0)


@app.command()
def fault(
    name: Annotated[str | None, typer.Argument(help="Which fault; without a name they are listed.")] = None,
    switch: Annotated[str, typer.Argument(metavar="[on|off]", help="Break it, or mend it.")] = "on",
    at: At = USUAL,
    json: AsJson = False,
) -> None:
    """
    Break the stand-in application of the demo, or mend it again.
    """
    if name is None:
        found = call(at, "GET", "/api/v1/faults")
        if json:
            as_json(found)
            return
        rows = [[plain(one["name"]), "on" if one["on"] else "off", plain(one["title"])] for one in found["faults"]]
        table(["fault", "", "what it breaks"], rows)
        return
    if switch not in ("on", "off"):
        raise typer.BadParameter(f"found {switch!r}; wanted on or off")
    found = call(at, "POST", f"/api/v1/faults/{name}", {"on": switch == "on"})
    if json:
        as_json(found)
        return
    _say_fault(found)


def _say_fault(found: dict[str, Any]) -> None:
    what = f"on: {plain(found['title'])}" if found["on"] else "off"
    out.print(f"[bold]{plain(found['name'])}[/bold] is {what}")
    for one in found["forecasts"]:
        out.print(f"  {plain(one['says'])}")


def main() -> None:
    """
    The entry point.
    """
    app()


if __name__ == "__main__":
    main()

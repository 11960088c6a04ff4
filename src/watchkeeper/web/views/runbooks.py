"""
What does a runbook say?

It is read as the document that it is: how one knows, what to do, phase by phase, and what to do afterwards.
"""

from dataclasses import dataclass

from markupsafe import Markup

from watchkeeper.act.watch import Watch
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.responding import Runbook, RunbookStep
from watchkeeper.manual.model.running import Parameter
from watchkeeper.manual.notes import notes_of
from watchkeeper.manual.runbooks.pages import read_page
from watchkeeper.web.views import words
from watchkeeper.web.views.alert_line import AlertLine, alert_line, runbook_link
from watchkeeper.web.views.runbook_document import document_html


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """
    One step; `head` and `rest` split its text at the first colon, as documents like to write them.
    """

    head: str
    rest: str
    notes: tuple[str, ...]
    details: tuple[str, ...]
    run: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseLines:
    """
    Steps that belong together; `name` is empty where the document has no phases.
    """

    name: str
    within: str
    steps: tuple[StepLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """
    A plain list with its heading.
    """

    name: str
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    One parameter: what it is, and what is allowed.
    """

    name: str
    title: str
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookPage:
    """
    One runbook. `alerts` are those that lead here; `text` is what stands in its Markdown file, as HTML.

    `notes`: what the document leaves open, or says and is not done. `runs`: how many of the page's blocks can run.
    """

    title: str
    name: str
    service: str
    symptoms: tuple[str, ...]
    phases: tuple[PhaseLines, ...]
    commands: tuple[StepLine, ...]
    after: tuple[Points, ...]
    alerts: tuple[AlertLine, ...]
    file: str
    text: Markup
    owner: str
    parameters: tuple[Asked, ...]
    notes: tuple[str, ...]
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookRow:
    """
    One runbook for the list.
    """

    title: str
    href: str
    service: str
    symptoms: str
    steps: int
    alerts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbooksView:
    """
    All runbooks.
    """

    title: str
    rows: tuple[RunbookRow, ...]


def runbooks_view(watch: Watch) -> RunbooksView:
    """
    The list of runbooks.
    """
    manual = watch.standing.manual
    return RunbooksView(title="Runbooks", rows=tuple(_row(name, one, manual) for name, one in manual.runbooks.items()))


def runbook_page(name: str, watch: Watch) -> RunbookPage:
    """
    One runbook; KeyError for an unknown one.
    """
    manual, now_ns = watch.standing.manual, watch.clock.now_ns()
    book = manual.runbooks[name]
    phases = [PhaseLines(name="", within="", steps=tuple(map(_step, book.steps)))] if book.steps else []
    phases += [
        PhaseLines(
            name=phase.name,
            within=words.duration(phase.within) if phase.within else "",
            steps=tuple(map(_step, phase.steps)),
        )
        for phase in book.phases
    ]
    leading = {rule for rule, alert in manual.alerts.items() if alert.runbook == name} | set(book.triggers)
    source = watch.source(book.file) if book.file else ""
    page = read_page(name, book.file, source).document if book.file and source else None
    blocks = {block.line: block for block in page.blocks} if page is not None else {}
    if page is not None and page.phases:
        phases = []  # they stand in the text
    return RunbookPage(
        title=words.title(name, book),
        name=name,
        service=_service(book, manual),
        symptoms=book.symptoms if not source else (),
        phases=tuple(phases),
        commands=tuple(map(_step, book.commands)),
        after=tuple(
            Points(name=heading, points=points)
            for heading, points in (
                ("When it is over", book.afterwards),
                ("To make it rarer", book.long_term),
                ("To keep it from happening", book.prevention),
            )
            if points and not source
        ),
        alerts=tuple(
            alert_line(view, manual, now_ns=now_ns) for view in watch.alerts() if view.memory.key.rule in leading
        ),
        file=book.file or "",
        text=document_html(source, blocks),
        owner=book.owner or "",
        parameters=tuple(_asked(key, parameter) for key, parameter in book.parameters.items()),
        notes=notes_of(book),
        runs=len(blocks),
    )


def _asked(name: str, parameter: Parameter) -> Asked:
    bounds = [f"at least {parameter.least}" if parameter.least is not None else ""]
    bounds += [f"at most {parameter.most}" if parameter.most is not None else ""]
    allowed = [
        ", ".join(parameter.values) or parameter.kind,
        *bounds,
        f"like {parameter.matches}" if parameter.matches else "",
        f"from the alert's label {parameter.label}" if parameter.label else "",
        f"{parameter.default} if not said" if parameter.default else "",
    ]
    return Asked(name=name, title=parameter.title or name, allowed="; ".join(filter(None, allowed)))


def _row(name: str, book: Runbook, manual: Manual) -> RunbookRow:
    link = runbook_link(name, manual)
    steps = len(book.steps) + sum(len(phase.steps) for phase in book.phases)
    alerts = tuple(
        words.title(rule, alert)
        for rule, alert in manual.alerts.items()
        if alert.runbook == name or rule in book.triggers
    )
    return RunbookRow(
        title=link.title,
        href=link.href,
        service=_service(book, manual),
        symptoms="; ".join(book.symptoms[:2]),
        steps=steps,
        alerts=alerts,
    )


def _service(book: Runbook, manual: Manual) -> str:
    if book.service is None:
        return ""
    return words.title(book.service, manual.services.get(book.service) or manual.dependencies.get(book.service))


def _step(step: RunbookStep) -> StepLine:
    head, colon, rest = step.do.partition(": ")
    notes = [f"only when {step.when}" if step.when else "", step.change or "", step.limit or ""]
    return StepLine(
        head=head if colon else "",
        rest=rest if colon else step.do,
        notes=tuple(note for note in notes if note),
        details=step.details,
        run=step.run,
    )

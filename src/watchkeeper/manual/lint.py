"""
What in a manual that loads would a careful reader still object to?

A *certain* finding cannot be right as it stands; a *likely* one is usually wrong; an *advisory* one is worth a thought.
`accept: [{finding: KIND, because: ...}]` beside the entry (or at the top, for all entries) says that the team knows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from watchkeeper.manual.dead import dead_ends
from watchkeeper.manual.liveness import why_not
from watchkeeper.manual.load import Loaded
from watchkeeper.manual.marks import Place, show_path
from watchkeeper.manual.model.base import Accept, Entry
from watchkeeper.manual.model.manual import Manual
from watchkeeper.manual.model.promising import Alert
from watchkeeper.manual.open_points import missing_windows, missing_zones, placeholders
from watchkeeper.manual.routing import channels_of, policy_of
from watchkeeper.manual.runbooks.careful import unsafe_scripts, unused_parameters


class Kind(StrEnum):
    """
    What can be found.
    """

    MISSING_WINDOW = "missing-window"
    MISSING_ZONE = "missing-zone"
    PLACEHOLDER = "placeholder"
    DEAD_ALERT = "dead-alert"
    ALWAYS_FIRING = "always-firing"
    UNHEARD_ALERT = "unheard-alert"
    NO_SEVERITY = "no-severity"
    NO_RUNBOOK = "no-runbook"
    UNREACHABLE = "unreachable"
    DEAD_POLICY = "dead-policy"
    HOLE = "hole"
    IDLE_POLICY = "idle-policy"
    NO_POLICY = "no-policy"
    EMPTY_SCHEDULE = "empty-schedule"
    NO_ROTATION = "no-rotation"
    HAND_OFF = "hand-off"
    UNSAFE_SCRIPT = "unsafe-script"
    UNUSED_PARAMETER = "unused-parameter"


class Certainty(StrEnum):
    """
    How sure lint is.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    ADVISORY = "advisory"


CERTAINTY = {
    Kind.MISSING_WINDOW: Certainty.LIKELY,
    Kind.MISSING_ZONE: Certainty.LIKELY,
    Kind.PLACEHOLDER: Certainty.LIKELY,
    Kind.DEAD_ALERT: Certainty.CERTAIN,
    Kind.ALWAYS_FIRING: Certainty.CERTAIN,
    Kind.UNHEARD_ALERT: Certainty.LIKELY,
    Kind.NO_SEVERITY: Certainty.ADVISORY,
    Kind.NO_RUNBOOK: Certainty.ADVISORY,
    Kind.UNREACHABLE: Certainty.LIKELY,
    Kind.DEAD_POLICY: Certainty.CERTAIN,
    Kind.HOLE: Certainty.LIKELY,
    Kind.IDLE_POLICY: Certainty.ADVISORY,
    Kind.NO_POLICY: Certainty.ADVISORY,
    Kind.EMPTY_SCHEDULE: Certainty.LIKELY,
    Kind.NO_ROTATION: Certainty.LIKELY,
    Kind.HAND_OFF: Certainty.ADVISORY,
    Kind.UNSAFE_SCRIPT: Certainty.LIKELY,
    Kind.UNUSED_PARAMETER: Certainty.ADVISORY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One objection: its kind, how sure it is, the key it is about, the place, what it says, and why it is accepted if so.
    """

    kind: Kind
    certainty: Certainty
    where: str
    file: str
    line: int
    says: str
    accepted: str | None = None

    def __str__(self) -> str:
        known = f" (accepted: {self.accepted})" if self.accepted else ""
        return f"{self.file}:{self.line}: {self.certainty} {self.kind}: {self.where}: {self.says}{known}"


class Objection(NamedTuple):
    """
    What is objected to, at which place of the manual, in words.
    """

    kind: Kind
    path: Place
    says: str


def lint(loaded: Loaded, beside: Iterable[Objection] = ()) -> list[Finding]:
    """
    Every finding in the order of the files, accepted ones among them; and those that others found, `beside` ours.
    """
    findings = []
    for kind, path, says in (*_all(loaded), *beside):
        at = loaded.marks.of_key(path)
        finding = Finding(
            kind=kind, certainty=CERTAINTY[kind], where=show_path(path), file=at.file, line=at.line, says=says
        )
        findings.append(replace(finding, accepted=_accepted(kind, path, loaded.manual)))
    return sorted(findings, key=lambda each: (each.file, each.line, each.kind, each.where))


def fails(findings: Sequence[Finding]) -> bool:
    """
    Whether `watchkeeper lint` ends with 1: a certain finding that nobody accepted.
    """
    return any(each.certainty is Certainty.CERTAIN and each.accepted is None for each in findings)


def _all(loaded: Loaded) -> Iterator[tuple[Kind, Place, str]]:
    manual = loaded.manual
    yield from ((Kind.MISSING_WINDOW, path, says) for path, says in missing_windows(manual))
    yield from ((Kind.MISSING_ZONE, path, says) for path, says in missing_zones(manual))
    yield from ((Kind.PLACEHOLDER, path, says) for path, says in placeholders(manual))
    for end in dead_ends(manual):
        yield Kind.ALWAYS_FIRING if end.always else Kind.DEAD_ALERT, end.path, end.says
    for name, alert in manual.alerts.items():
        path: Place = ("alerts", name)
        if unheard := _unheard(name, alert, manual):
            yield Kind.UNHEARD_ALERT, path, unheard
        if alert.severity is None:
            yield Kind.NO_SEVERITY, path, "it has no severity: nobody can tell how fast to move"
        if alert.runbook is None and alert.when is not None:
            yield Kind.NO_RUNBOOK, path, "it has no runbook: whoever is woken by it starts from nothing"
    for document in loaded.documents.values():
        book: Place = ("runbooks", document.name)
        yield from ((Kind.UNSAFE_SCRIPT, book, says) for says in unsafe_scripts(document, manual))
        for name in unused_parameters(document, manual):
            yield Kind.UNUSED_PARAMETER, (*book, "parameters", name), "no step uses it"


def _unheard(name: str, alert: Alert, manual: Manual) -> str:
    """
    Why nobody hears of the alert; empty when a channel that is live carries it, or when people are paged for it.
    """
    if manual.environment == "production" and policy_of(name, alert, manual) is not None:
        return ""  # whether the policy reaches anybody is asked of the policy
    tell = channels_of(name, alert, manual)
    if not tell:
        return "no route fits it and it names no channel: nobody hears of it"
    waits = {each: why_not("channels", each, manual) for each in tell}
    said = "; ".join(f"`{each}`: {why}" for each, why in waits.items())
    return f"none of its channels is live ({said}): nobody hears of it" if all(waits.values()) else ""


def _accepted(kind: Kind, path: Place, manual: Manual) -> str | None:
    """
    The reason given at the nearest entry around the finding that accepts its kind.
    """
    accepts: list[Accept] = list(manual.accept)
    piece: object = manual
    for step in path:
        piece = _inside(piece, step)
        if isinstance(piece, Entry):
            accepts += piece.accept
    return next((each.because for each in reversed(accepts) if each.finding == kind), None)


def _inside(piece: object, step: str | int) -> object:
    if isinstance(piece, Entry):
        fields = {info.alias or name: name for name, info in type(piece).model_fields.items()}
        return getattr(piece, fields.get(str(step), ""), None)
    if isinstance(piece, dict):
        return piece.get(step)
    return piece[step] if isinstance(piece, tuple) and isinstance(step, int) else None

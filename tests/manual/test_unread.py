"""
Every key of a live entry is read by something, or says what it waits for.
"""

from typing import get_args

import pytest
from pydantic import BaseModel

from watchkeeper.manual.liveness import LIVE_SECTIONS, WAITING, live
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.manual.model.manual import SECTIONS, Defaults, Dependency, Manual, Service
from watchkeeper.manual.model.measuring import SIGNAL_KEYS, Check, Expect, Indicator, Region, Stream
from watchkeeper.manual.model.promising import Alert, Channel, Flapping, Objective, RateLimit, Route, Severity
from watchkeeper.manual.model.reaching import (
    BusinessCalendar,
    Contact,
    ContactMethod,
    EscalationStep,
    HandOff,
    Heartbeat,
    Hours,
    Person,
    PersonalRule,
    Policy,
    QuietHours,
    Rotation,
    Schedule,
    Throttle,
)
from watchkeeper.manual.model.responding import Incidents, RunbookStep, Stage
from watchkeeper.manual.model.switching import Switch
from watchkeeper.manual.unread import LABELS, SAID, UNREAD

#: By model: the keys that something reads, and where. Name a key here only with the code that reads it.
READ: dict[type[BaseModel], set[str]] = {
    Defaults: {"window", "alert_window", "lateness", "unknown_after", "at_least", "resolve_after", "repeat_every"}
    | {"policy", "flapping", "throttle"},  # manual/routing, decide/rules, decide/paging/throttling
    Service: {"url", "url_env"} | {"depends_on"},  # measure/addressing, decide/depending
    Dependency: {"depends_on"},  # decide/depending
    Stream: {*SIGNAL_KEYS, "where", "value", "unit", "delay", "lateness", "speaks_every"},  # measure/plan
    Indicator: {"from_", "only", "except_", "good", "bad", "by", "value", "unit"}  # measure/plan
    | {"slot_good_when"},  # manual/liveness: declared
    Check: {"service", "every", "timeout", "method", "expect", "regions"}  # measure/addressing, measure/probing
    | {"http", "tcp", "dns", "tls"},  # the kind decides whether it is live
    Expect: {"status", "body", "within", "certificate_left"},  # measure/probing
    Region: {"name"},  # measure/addressing
    Objective: {"service", "indicator", "targets", "agreements", "window"},  # decide/rules, web/views/objective
    Alert: {"service", "indicator", "objective", "when", "on", "each", "at_least"}  # decide/rules, decide/conditions
    | {"severity", "tell", "unknown_after", "resolve_after", "repeat_every"}  # decide/notices, decide/rules
    | {"respond", "runbook", "summary"}  # act/message
    | {"escalate", "policy"},  # decide/process
    Severity: {"meaning", "respond", "opens_incident"}  # web/views/incidents, act/message, decide/incidents
    | {"escalate", "recover", "update"}  # decide/process
    | {"page", "policy", "calendar"},  # manual/routing, decide/business
    Incidents: {"opens", "closes"}  # decide/incidents
    | {"stages", "report_within"}  # decide/process
    | {"roles", "policy", "chat"},  # act/incidents, act/paging/escalating
    Stage: {"name", "within", "deadlines", "responsible", "steps", "tell", "contacts"},  # decide/process, act/incidents
    RunbookStep: {"do"},  # act/incidents/checklists
    Channel: {"kind", "address_env", "secret_env", "planned", "rate_limit"}  # act/channels, decide/notices
    | {"digest", "at_once"}  # decide/rationing
    | {"from_", "to", "token_env", "signing_env", "fallback"},  # act/channels/choosing, act/fallback
    RateLimit: {"count", "per", "never_hold"},  # decide/rationing
    Route: {"severity", "service", "alert", "tell", "label", "policy", "group"},  # manual/routing
    Flapping: {"count", "per"},  # decide/rules
    Contact: {"channel", "email", "address"}  # decide/oncall/reach
    | {"role", "group", "name", "phone", "placeholder", "placeholders"},  # web/views/people, manual/open_points
    ContactMethod: {"channel", "to", "to_env"},  # decide/oncall/reach, act/recipients
    Person: {"channels", "contacts", "email", "rules", "quiet", "zone", "throttle"}  # decide/oncall, decide/paging
    | {"name", "phone"},  # act/recipients, web/views/people
    PersonalRule: {"by", "after", "severity"},  # decide/paging/reaching
    QuietHours: {"from_", "to", "severity", "days"},  # decide/paging/reaching
    Throttle: {"count", "per"},  # decide/paging/throttling
    Schedule: {"rotation", "layers", "zone", "people", "hand_off", "role"},  # decide/oncall/rotations, act/oncall
    Rotation: {"every", "from_", "to", "at", "starts", "during", "people"},  # decide/oncall/rotations
    Hours: {"days", "from_", "to"},  # decide/oncall/rotations
    HandOff: {"day", "at", "zone", "tell"},  # decide/oncall/rotations, act/handoffs
    Policy: {"steps", "repeat", "repeat_after", "lapses"},  # decide/paging/escalation
    EscalationStep: {"after", "schedule", "person", "contact", "channel", "everyone", "severity"},  # the same
    BusinessCalendar: {"days", "from_", "to", "holidays", "zone"},  # decide/business
    Heartbeat: {"address_env", "every"},  # act/heartbeat
    Switch: {"kind", "default", "allowed", "range"}  # manual/model/switching, decide/switches
    | {"role", "longest", "public"}  # act/switching, web/ofrep
    | {"service", "owner"},  # web/views/switches
}


def _models(annotation: object) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for inner in get_args(annotation) for model in _models(inner)}


def _live_models() -> set[type[BaseModel]]:
    """
    The models of the sections that may be live, with the models inside the keys that do not wait as a whole.
    """
    sections = [name for name in (*SECTIONS, *LIVE_SECTIONS, "defaults") if name not in WAITING]
    open_ = {model for name in sections for model in _models(Manual.model_fields[name].annotation)}
    found: set[type[BaseModel]] = set()
    while open_:
        model = open_.pop()
        found.add(model)
        skipped = SAID | set(UNREAD.get(model, ()))
        inner = (info.annotation for name, info in model.model_fields.items() if name not in skipped)
        open_ |= {each for annotation in inner for each in _models(annotation)} - found
    return found


def test_every_key_of_a_live_section_is_read_or_says_what_it_waits_for() -> None:
    assert _live_models() == set(READ)
    for model in READ:
        known = READ[model] | set(UNREAD.get(model, ())) | LABELS.get(model, set()) | SAID
        assert set(model.model_fields) <= known, model
        assert not READ[model] & set(UNREAD.get(model, ())), model


def test_the_tables_name_only_keys_that_there_are() -> None:
    for model, keys in (*READ.items(), *UNREAD.items(), *LABELS.items()):
        assert set(keys) <= set(model.model_fields), model


@pytest.mark.parametrize(
    ("text", "but"),
    [
        ("severities: {P1: {respond: 5m}}", ""),
        ("severities: {P1: {escalate: 1h, recover: 2h, update: 30m, page: everyone}}", ""),
        ("incidents: {stages: [{name: Assess, steps: [{do: look, run: top}]}]}", "`stages.steps.run`: checklists show"),
        ("severities: {P1: {criteria: all is down, examples: a fire}}", "`criteria`: cases are not ranked by it yet; "),
        ("alerts: {a: {on: release, escalate: 1h}}", ""),
        ("channels: {c: {kind: slack, digest: 1d, at_once: []}}", ""),
        ("channels: {c: {kind: slack, to: [us]}}", "`to`: only mail is addressed by it"),
        ("checks: {c: {http: /, every: 1m, covers: [all]}}", "`covers`: shown only"),
        (
            "checks: {c: {http: /, every: 1m, regions: [{name: eu, by: an agent}]}}",
            "`regions.by`: this machine asks until agents come",
        ),
        (
            "checks: {c: {http: /, every: 1m, covers: [all], regions: [eu, us]}}",
            "its regions are all asked from this machine until agents come; `covers`: shown only",
        ),
        ("dependencies: {d: {limit: {rate: 100/min}}}", "`limit`: not watched yet"),
        ("dependencies: {d: {}}\nservices: {s: {depends_on: [d]}}", ""),
    ],
)
def test_a_live_entry_says_which_of_its_keys_do_nothing_yet(text: str, but: str) -> None:
    loaded = load_text("watchkeeper: 1\nmanual: Shop\n" + text)
    assert isinstance(loaded, Loaded), str(loaded)
    entry = list(live(loaded.manual))[-1 if "services" not in text else 0]

    assert entry.live
    assert entry.but.startswith(but)
    assert bool(entry.but) == bool(but)


def test_what_is_not_live_at_all_says_only_why() -> None:
    loaded = load_text("watchkeeper: 1\nmanual: Shop\nchannels: {c: {kind: fax, to: [us], digest: 1d}}")
    assert isinstance(loaded, Loaded), str(loaded)

    assert [(each.why, each.but) for each in live(loaded.manual)] == [("fax is not sent yet", "")]

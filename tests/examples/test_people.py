"""Are the people of the five manuals marked as invented, and would a page reach somebody at every hour?"""

from functools import partial
from pathlib import Path

import pytest

from watchkeeper.decide.oncall.reach import why_unreachable
from watchkeeper.manual.lint import fails, lint
from watchkeeper.manual.load import Loaded, load
from watchkeeper.testing import Story

ROOT = Path(__file__).parents[2] / "examples"
SYSTEMS = ("jamfind", "bookiji", "mysetlist", "backend", "zzik")
every_system = partial(pytest.mark.parametrize("system", SYSTEMS))
#: What the environment of the five holds, for addresses that are secrets.
ENVIRON = {f"PAGERDUTY_{name}": "key" for name in ("JISOO", "KYUNG", "LEO", "MINA")}


def loaded(system: str) -> Loaded:
    found = load(ROOT / system)
    assert isinstance(found, Loaded), f"\n{found}"
    return found


@every_system()
def test_whoever_the_document_does_not_name_is_marked_as_invented(system: str) -> None:
    people = loaded(system).manual.people
    assert people
    for name, person in people.items():
        assert "nvented" in str(person.name), name
        assert {"name", "contacts"} <= set(person.chosen), name
        assert str(person.because).startswith("Invented"), name


@every_system()
def test_everybody_in_a_rotation_or_a_step_can_be_reached(system: str) -> None:
    manual = loaded(system).manual
    assert {name: why for name in manual.people if (why := why_unreachable(name, manual))} == {}


@every_system()
def test_a_page_reaches_somebody_at_every_hour_of_the_next_thirty_days(system: str) -> None:
    assert Story(ROOT / system, environ=ENVIRON).holes(days=30) == []


@every_system()
def test_lint_finds_nothing_that_is_certain(system: str) -> None:
    assert not fails(lint(loaded(system)))


@every_system()
def test_a_manual_names_severities_whose_alerts_page_somebody(system: str) -> None:
    manual = loaded(system).manual
    paged = {name for name, severity in manual.severities.items() if severity.policy or severity.page}
    assert {alert.severity for alert in manual.alerts.values()} & paged


def test_a_contact_whom_the_document_leaves_blank_stays_blank() -> None:
    contacts = loaded("mysetlist").manual.contacts
    blank = {name for name, contact in contacts.items() if contact.placeholder or contact.placeholders}
    assert len(blank) == 8
    assert all(contacts[name].channel is None for name in blank)

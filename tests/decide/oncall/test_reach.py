"""Who can be reached, by which ways, and why not?"""

from typing import Any

import pytest

from tests.manuals import written
from watchkeeper.decide.oncall.reach import Method, methods_for, methods_of, why_unreachable, why_unreachable_for
from watchkeeper.manual.liveness import LIVE_CHANNELS
from watchkeeper.manual.model.manual import Manual

CHANNELS = {
    "chat": {"kind": "slack", "address_env": "CHAT"},
    "bare": {"kind": "slack"},
    "mail": {"kind": "email", "address_env": "MAIL"},
    "soon": {"kind": "slack", "address_env": "SOON", "planned": "true"},
    "pigeon": {"kind": "pigeon", "address_env": "LOFT"},
}


def manual(**person: Any) -> Manual:
    return written(channels=CHANNELS, people={"ada": person}, severities={"P1": {}})


@pytest.fixture(autouse=True)
def _mail_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchkeeper.manual.liveness.LIVE_CHANNELS", LIVE_CHANNELS | {"email"})


def test_named_contacts_come_before_channels():
    found = manual(channels=["chat"], contacts={"phone": {"channel": "chat", "to": "U1"}})
    assert methods_of("ada", found) == (Method("phone", "chat", "U1"),)


def test_a_channel_that_a_rule_names_counts_beside_the_contacts():
    rules = [{"by": "phone"}, {"by": "bare", "after": "5m"}]
    found = manual(channels=["bare", "mail"], contacts={"phone": {"channel": "chat"}}, rules=rules)
    assert [method.name for method in methods_of("ada", found)] == ["phone", "bare"]


def test_mail_without_an_address_goes_to_the_persons_own():
    assert methods_of("ada", manual(email="a@shop.example", channels=["mail"])) == (
        Method("mail", "mail", "a@shop.example"),
    )
    assert methods_of("ada", manual(email="a@shop.example", contacts={"home": {"channel": "mail", "to_env": "H"}})) == (
        Method("home", "mail", None, "H"),
    )


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ({"channels": "chat"}, None),
        ({"channels": ["soon", "chat"]}, None),
        ({}, "no contact method and no channel is named for them"),
        ({"channels": "soon"}, "`soon`: the document names it as future"),
        ({"channels": "mail"}, "`mail`: no mail address is known for them"),
        ({"channels": "mail", "email": "a@shop.example"}, None),
        ({"channels": "bare"}, "`bare`: the channel names no `address_env`"),
        ({"channels": "pigeon"}, "`pigeon`: pigeon is not sent yet"),
        (
            {"channels": ["bare", "soon"]},
            "`bare`: the channel names no `address_env`; `soon`: the document names it as future",
        ),
    ],
)
def test_somebody_without_a_way_that_works_cannot_be_reached_and_it_says_why(person, why):
    assert why_unreachable("ada", manual(**person)) == why


def test_a_dead_channel_or_a_dead_method_reaches_nobody():
    found = manual(channels="chat")
    assert why_unreachable("ada", found, {"chat": "it answers 500"}) == "`chat`: it answers 500"
    assert why_unreachable("ada", found, {"ada/chat": "A is not set"}) == "`chat`: A is not set"
    assert why_unreachable("ada", found, {"bo/chat": "B is not set"}) is None


def test_somebody_whom_the_manual_does_not_name_cannot_be_reached():
    assert why_unreachable("zed", manual()) == "nobody of this name is among the people of the manual"
    assert why_unreachable("contact:zed", manual()) == "nobody of this name is among the contacts of the manual"
    assert methods_of("zed", manual()) == methods_of("contact:zed", manual()) == ()


def test_a_contact_outside_of_the_rotation_is_reached_like_a_person():
    contacts = {"legal": {"email": "law@shop.example", "channel": "mail"}, "vendor": {"phone": "112"}}
    found = written(channels=CHANNELS, contacts=contacts)
    assert methods_of("contact:legal", found) == (Method("mail", "mail", "law@shop.example"),)
    assert why_unreachable("contact:legal", found) is None
    assert why_unreachable("contact:vendor", found) == "no channel is named for them"


def test_rules_for_other_severities_leave_a_person_unreached():
    rules = [{"by": "chat", "severity": "P1"}]
    found = manual(channels=["chat", "mail"], email="a@shop.example", rules=rules)
    assert [method.name for method in methods_for("ada", found, "P1")] == ["chat"]
    assert why_unreachable_for("ada", found, severity="P1") is None
    assert why_unreachable_for("ada", found, severity="P3") == "none of their rules is for P3"
    assert why_unreachable_for("ada", found, severity="P1", dead={"chat": "gone"}) == "`chat`: gone"

"""
Does a link let exactly one person do exactly one thing, until it ends?
"""

from __future__ import annotations

import base64
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.act.links import Action, Link, Links, digest_of

KEY = b"k" * 32
LINKS = Links(KEY, "https://watch.example/")
END = 10**18


def token(links: Links = LINKS, **changed: object) -> str:
    wanted = {"action": Action.ACKNOWLEDGE, "pages": 7, "person": "ada", "expires_ns": END} | changed
    url = links.make(wanted["action"], wanted["pages"], wanted["person"], wanted["expires_ns"])  # type: ignore[arg-type]
    assert url.startswith("https://watch.example/answer/")
    return url.rpartition("/")[2]


@settings(max_examples=60, deadline=None)
@given(
    action=st.sampled_from(Action),
    pages=st.lists(st.integers(1, 2**62), min_size=1, max_size=30),
    person=st.text(max_size=40).filter(lambda name: max(name, default="") < "\ud800" or name.isascii()),
    expires_ns=st.integers(1, 2**62),
)
def test_what_was_made_is_read_until_it_ends(action, pages, person, expires_ns):
    made = token(action=action, pages=pages, person=person, expires_ns=expires_ns)
    assert made.replace("-", "").replace("_", "").isalnum()  # nothing that an address must escape
    assert LINKS.read(made, expires_ns - 1) == Link(
        action=action, pages=tuple(pages), person=person, expires_ns=expires_ns
    )
    assert LINKS.read(made, expires_ns) is None


def test_no_other_spelling_of_a_token_is_one():
    made = token()
    for at in range(len(made)):
        for letter in "A_z9":
            changed = made[:at] + letter + made[at + 1 :]
            assert changed == made or LINKS.read(changed, 0) is None, at
    for changed in (
        made + "=",
        made + "A",
        made[:-1],
        made + "\n",
        f" {made}",
        made.replace("_", "/"),
        "",
        "é",
        "A" * 9999,
    ):
        assert changed == made or LINKS.read(changed, 0) is None, changed


def test_a_token_of_another_watch_is_none():
    assert LINKS.read(token(Links(b"j" * 32, "https://watch.example")), 0) is None


def test_what_one_person_may_is_nobody_elses():
    spoken = {
        token(**change)
        for change in ({}, {"person": "bo"}, {"pages": 8}, {"action": Action.RESOLVE}, {"expires_ns": END + 1})
    }
    assert len(spoken) == 5
    assert len({digest_of(one) for one in spoken}) == 5
    assert not any(one in digest_of(one) for one in spoken)


def test_a_name_cannot_make_itself_another_field():
    made = LINKS.read(token(person="ada\n9\nresolve\n7"), 0)
    assert made is not None
    assert (made.action, made.pages, made.person) == (Action.ACKNOWLEDGE, (7,), "ada\n9\nresolve\n7")


def test_a_token_that_is_signed_for_something_else_is_none():
    content = f"1\nacknowledge\n7\n{END}\nada".encode()
    plain = base64.urlsafe_b64encode(hmac.digest(KEY, content, "sha256") + content).rstrip(b"=").decode()
    assert LINKS.read(plain, 0) is None


def test_the_secret_is_not_shown_and_not_short():
    assert "kkk" not in repr(LINKS)
    with pytest.raises(ValueError, match="found a secret of 8 bytes"):
        Links(b"k" * 8, "")

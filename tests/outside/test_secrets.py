"""
Does a secret stay unseen wherever a value may be printed?
"""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest

from watchkeeper.outside.secrets import Secret, SecretFault, reveal, secret_from

TEXT = "s3cret-token"


@pytest.mark.parametrize(
    "show", [str, repr, "{}".format, "{!r:>40}".format, "%s".__mod__, lambda it: str([it, {it: it}])]
)
def test_no_way_of_printing_shows_it(show: object) -> None:
    assert callable(show)
    assert TEXT not in show(Secret(TEXT))


@pytest.mark.parametrize("keep", [pickle.dumps, copy.copy, json.dumps])
def test_it_is_not_copied_into_files(keep: object) -> None:
    assert callable(keep)
    with pytest.raises(TypeError) as failure:
        keep(Secret(TEXT))
    assert TEXT not in "".join(traceback.format_exception(failure.value))


def test_two_are_equal_when_their_texts_are_and_never_equal_a_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_only_reveal_gives_the_text_away() -> None:
    assert (reveal(Secret(TEXT)), reveal("plain")) == (TEXT, "plain")


def test_a_secret_may_stand_in_a_file(tmp_path):
    held = tmp_path / "hook"
    held.write_text("https://chat.example/x\n")
    found = secret_from({"HOOK_FILE": str(held)}, "HOOK")
    assert found == Secret("https://chat.example/x")
    assert secret_from({"HOOK": ""}, "HOOK") is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, r"the file that HOOK_FILE names cannot be read \(No such file or directory\)"),
        (b"", "is empty"),
        (b"\xff\xfes3cret", "holds no text"),
        (b"s3cret" * 20_000, "too long for a secret"),
    ],
)
def test_a_file_that_holds_no_secret_is_said_without_its_content(tmp_path, content, says):
    held = tmp_path / "hook"
    if content is not None:
        held.write_bytes(content)
    with pytest.raises(SecretFault, match=says) as raised:
        secret_from({"HOOK_FILE": str(held)}, "HOOK")
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None

"""
Does a secret stay unseen wherever a value may be printed?
"""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest

from watchkeeper.outside.secrets import Secret, reveal

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

"""
Whatever somebody writes, loading answers with a manual or with mistakes that have a place.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.manual.strategies import slips, texts
from watchkeeper.manual.faster import faster
from watchkeeper.manual.lint import lint
from watchkeeper.manual.load import Loaded, Mistakes, load_text
from watchkeeper.manual.meaning import meaning
from watchkeeper.manual.show import outline, show

SMALL = (Path(__file__).parent / "small.yaml").read_text(encoding="utf-8")


def _answers(text: str) -> None:
    found = load_text(text)
    if isinstance(found, Mistakes):
        assert found.all
        lines = text.count("\n") + text.count("\r") + 1
        for mistake in found:
            assert 1 <= mistake.line <= lines + 1
            assert mistake.column >= 1
            assert mistake.found
            assert mistake.wanted
            assert "Traceback" not in str(mistake)
    else:
        _usable(found)


def _usable(loaded: Loaded) -> None:
    """
    What loads can also be shown, linted, named and run faster.
    """
    json.dumps(show(loaded.manual), allow_nan=False)
    outline(loaded.manual)
    lint(loaded)
    faster(loaded.manual, 60)
    for name in loaded.manual.indicators:
        assert len(meaning(name, loaded.manual)) == 32


@settings(max_examples=150, deadline=None)
@given(texts)
def test_any_text_gives_a_manual_or_mistakes_with_a_place(text: str) -> None:
    _answers(text)


@settings(max_examples=150, deadline=None)
@given(slips(SMALL))
def test_a_manual_with_slips_gives_a_manual_or_mistakes_with_a_place(text: str) -> None:
    _answers(text)


@pytest.mark.torture
@settings(max_examples=10_000, deadline=None)
@given(st.one_of(texts, slips(SMALL)))
def test_any_text_at_length(text: str) -> None:
    _answers(text)

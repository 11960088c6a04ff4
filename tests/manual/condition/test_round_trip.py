"""
Does a condition survive being written and read again, and does no text break the reader?
"""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.manual.condition.strategies import conditions
from watchkeeper.manual.condition.ast import Condition
from watchkeeper.manual.condition.counting import thresholds
from watchkeeper.manual.condition.fields import fields
from watchkeeper.manual.condition.parser import ConditionMistake, parse
from watchkeeper.manual.condition.printer import show

LINES = """
p95 p99.9 mean distinct user where over for in of any all a row this month previous same hour last week before release
and burn rate 5 8 10 97% 2s 10m 5..15m ~ < <= > >= = != => / == " ( [ ] ) 3 count left age ' && . , - 1h30m 20/s ²
"""
WORDS = LINES.split()


@settings(max_examples=400)
@given(conditions())
def test_every_condition_reads_back_as_itself(condition: Condition) -> None:
    text = show(condition)
    again = parse(text)

    assert again == condition, text
    assert isinstance(again, Condition)
    assert show(again) == text
    assert fields(again, zone="UTC")["text"] == text


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=60))
@example("3 in a row of")
@example('distinct user where "a / distinct user > 3')
@example("< 5% of previous")
def test_no_text_makes_the_parser_raise_and_every_mistake_has_its_place(text: str) -> None:
    answered(text)


@settings(max_examples=300)
@given(conditions(), st.data())
def test_no_slip_of_the_finger_makes_the_parser_raise(condition: Condition, data: st.DataObject) -> None:
    text = show(condition)
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    answered(text[:at] + data.draw(st.text(max_size=2)) + text[at + cut :])


def answered(text: str) -> None:
    """
    A condition that round-trips, or a mistake with a column inside the text and a wish.
    """
    found = parse(text)
    if isinstance(found, ConditionMistake):
        assert 1 <= found.column <= len(text) + 1
        assert found.wanted
        return
    assert parse(show(found)) == found
    assert fields(found, zone="UTC")
    thresholds(found)

"""
Is a failed message tried again at a calm and growing pace, under one id, and an unknown one repeated at most once?
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.notices import a_notice
from watchkeeper.act.outcomes import ATTEMPTS, LONGEST_ASKED, SAYS, SendingReason, again, message_id, wait

ATTEMPT = st.integers(1, 100)
ASKED = st.none() | st.timedeltas(timedelta(), timedelta(days=400))


@given(first=ATTEMPT, second=ATTEMPT, asked=ASKED)
def test_the_wait_never_shrinks_with_attempts(first, second, asked):
    few, many = sorted((first, second))
    assert timedelta(seconds=5) <= wait(few, asked=asked) <= wait(many, asked=asked)


@given(attempts=ATTEMPT, asked=ASKED)
def test_the_wait_is_as_long_as_was_asked_for_up_to_a_bound_and_never_shorter_than_our_own(attempts, asked):
    own = wait(attempts)
    assert wait(attempts, asked=asked) == max(own, min(asked or own, LONGEST_ASKED))


def test_eight_attempts_take_a_little_under_four_hours():
    waits = [wait(attempt).total_seconds() for attempt in range(1, ATTEMPTS)]
    assert waits == [5, 30, 120, 600, 1800, 3600, 7200]


def test_every_reason_has_its_words():
    assert set(SAYS) == set(SendingReason)


def test_a_repetition_has_the_id_of_the_first_and_is_never_repeated_itself():
    row = a_notice(id=7, created_ns=255, cycle=2, attempts=3, state="unknown", claimed_by="x", settled_ns=9)
    repeated = again(row, now_ns=100)
    assert repeated is not None
    assert message_id(repeated) == message_id(row) == "msg_ff_7"
    assert (repeated.state, repeated.due_ns, repeated.attempts, repeated.claimed_by) == ("due", 100, 0, None)
    assert again(repeated, now_ns=200) is None


@pytest.mark.parametrize("cycle", [0, 1, 5])
def test_a_repetition_is_no_other_message_of_the_alert(cycle):
    repeated = again(a_notice(cycle=cycle), now_ns=0)
    assert repeated is not None
    assert repeated.cycle < 0

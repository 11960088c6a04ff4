"""
`page`: what was decided about whom, at the terminal.
"""

import pytest

from watchkeeper.cli.pages import _whom


@pytest.mark.parametrize(
    ("verdict", "reason", "person", "channel", "because", "says"),
    [
        ("send", "paged", "ada", "phones", None, ("ada", "paged")),
        ("send", "first", "", "team", None, ("", "told")),
        ("refuse", "unreachable", "bo", "", None, ("bo", "not paged")),
        ("refuse", "nobody-on-call", "", "", "night", ("nobody", "paged")),
        ("hold", "rate-limited", "", "team", None, ("", "held back")),
        ("acknowledge", "acknowledged", "ada", "", None, ("ada", "acknowledged it")),
        ("reopen", "by-a-person", "ada", "", None, ("ada", "gave it back")),
        ("reopen", "lapsed", "", "", "ada", ("ada", "no longer has it")),
    ],
)
def test_a_decision_reads_as_a_sentence_about_somebody(verdict, reason, person, channel, because, says):
    one = {"verdict": verdict, "reason": reason, "person": person, "channel": channel, "because_of": because}

    assert _whom(one) == says

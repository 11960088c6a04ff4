"""Each row is a sentence: of these answers, this condition holds, is clear, or cannot be said, and why."""

from fractions import Fraction

import pytest
from msgspec.structs import replace

from tests.decide.said import said
from watchkeeper.decide.conditions import Asked, judge
from watchkeeper.decide.reasons import Reason
from watchkeeper.decide.values import Truth
from watchkeeper.measure.answers import Answer, Under

SECOND = 10**9
HOLDS, CLEAR = (Truth.HOLDS, Reason.HOLDS), (Truth.CLEAR, Reason.CLEAR)


def unknown(reason):
    return Truth.UNKNOWN, reason


def seen(count=0, matched=0, **more):
    given = {"start_ns": 0, "end_ns": 900 * SECOND, "known": 90, "slots": 90, "scale": SECOND, "seen_ns": 890 * SECOND}
    return Answer(count=count, matched=matched, **{**given, **more})


def valued(*seconds):
    steps = [round(one * SECOND) for one in seconds]
    return seen(
        len(steps),
        valued=len(steps),
        total=sum(steps),
        low=min(steps),
        high=max(steps),
        last=steps[-1],
        last_at_ns=890 * SECOND,
    )


def under(limit_ns, sure, most, count):
    return seen(count, under={limit_ns: Under(sure=sure, most=most)})


def results(*oks):
    return seen(len(oks), results=tuple((i, int(ok)) for i, ok in enumerate(oks)))


def found(when, *answers, **asked):
    one = judge(said(when), Asked(answers=answers, **asked))
    return one.truth, one.reason


@pytest.mark.parametrize(
    ("when", "matched", "expected"),
    [
        ("< 95%", 949, HOLDS),
        ("< 95%", 950, CLEAR),
        ("<= 95%", 950, HOLDS),
        ("> 95%", 950, CLEAR),
        ("> 95%", 951, HOLDS),
        (">= 95%", 950, HOLDS),
        ("= 95%", 950, HOLDS),
        ("= 95%", 951, CLEAR),
        ("!= 95%", 951, HOLDS),
        ("!= 95%", 950, CLEAR),
    ],
)
def test_a_share_is_compared_exactly(when, matched, expected):
    assert found(when, seen(1000, matched), good=True) == expected


@pytest.mark.parametrize(
    ("when", "answer", "expected"),
    [
        ("mean > 2s", valued(1, 3), CLEAR),
        ("mean > 2s", valued(1, 3.1), HOLDS),
        ("max > 1s", valued(0.2, 1.001), HOLDS),
        ("max > 1s", valued(0.2, 1), CLEAR),
        ("min < 1s", valued(0.2, 1), HOLDS),
        ("last > 1s", valued(5, 0.5), CLEAR),
        ("last < 1s", valued(5, 0.5), HOLDS),
        ("count > 10", seen(11), HOLDS),
        ("count < 1", seen(0), HOLDS),
        ("rate >= 1/s", seen(900), HOLDS),
        ("rate > 60/min", seen(900), CLEAR),
        ("age > 10s", seen(1, seen_ns=890 * SECOND), CLEAR),
        ("age > 10s", seen(1, seen_ns=889 * SECOND), HOLDS),
        ("left < 30d", valued(30 * 86_400 + 11), CLEAR),  # 10 s have passed since it was said
        ("left < 30d", valued(30 * 86_400 + 9), HOLDS),
        ("> 2s", valued(1, 4), HOLDS),
        ("mean > 2s", seen(3), unknown(Reason.NO_EVENTS)),
        ("mean > 2s", seen(3, valued=2, bucketed=1), unknown(Reason.UNDECIDABLE)),
        ("age > 10s", seen(0, seen_ns=None), unknown(Reason.NO_EVENTS)),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_measure_is_compared_in_si_units(when, answer, expected):
    assert found(when, answer) == expected


@pytest.mark.parametrize(
    ("when", "limit", "sure", "most", "expected"),
    [
        ("p95 > 2s", 2 * SECOND + 1, 94, 94, HOLDS),
        ("p95 > 2s", 2 * SECOND + 1, 95, 95, CLEAR),
        ("p95 < 2s", 2 * SECOND, 95, 95, HOLDS),
        ("p95 <= 2s", 2 * SECOND + 1, 94, 94, CLEAR),
        ("p95 >= 2s", 2 * SECOND, 94, 94, HOLDS),
        ("p95 > 2s", 2 * SECOND + 1, 90, 96, unknown(Reason.UNDECIDABLE)),
        ("p95 > 2s", 2 * SECOND + 1, 96, 99, CLEAR),
        ("p95 > 2s", 2 * SECOND + 1, 10, 94, HOLDS),
    ],
)
def test_a_quantile_is_a_share_of_counted_events_or_undecidable(when, limit, sure, most, expected):
    assert found(when, under(limit, sure, most, 100)) == expected


@pytest.mark.parametrize(
    ("when", "long", "short", "expected"),
    [
        ("< 95% over 1h and 5m", 90, 90, HOLDS),
        ("< 95% over 1h and 5m", 90, 99, CLEAR),
        ("< 95% over 1h and 5m", 99, 90, CLEAR),
        ("< 95% over 1h and 5m", None, 99, CLEAR),
        ("< 95% over 1h and 5m", None, 90, unknown(Reason.NOT_HEARD)),
        ("< 95% over 1h and 5m", 90, None, unknown(Reason.NOT_HEARD)),
    ],
)
def test_a_pair_holds_in_both_windows_and_is_settled_by_one_that_is_clear(when, long, short, expected):
    answers = [seen(0, known=0) if one is None else seen(100, one) for one in (long, short)]
    assert found(when, *answers, good=True) == expected


@pytest.mark.parametrize(
    ("answer", "at_least", "expected"),
    [
        (seen(100, 90, known=45), None, HOLDS),
        (seen(100, 90, known=44), None, unknown(Reason.NOT_HEARD)),
        (seen(0, known=0), None, unknown(Reason.NOT_HEARD)),
        (seen(0), None, unknown(Reason.NO_EVENTS)),
        (seen(19, 1), 20, unknown(Reason.TOO_FEW)),
        (seen(20, 1), 20, HOLDS),
        (seen(0, slots=0, known=0), None, unknown(Reason.NOT_HEARD)),
    ],
)
def test_below_half_heard_or_below_at_least_nobody_can_say(answer, at_least, expected):
    assert found("< 95%", answer, good=True, at_least=at_least) == expected


@pytest.mark.parametrize(
    ("when", "oks", "expected"),
    [
        ("2 in a row", [0, 0], HOLDS),
        ("2 in a row", [0], CLEAR),
        ("2 in a row", [0, 0, 1], CLEAR),
        ("2 in a row", [1, 0, 0], HOLDS),
        ("2 in a row", [0, 1, 0], CLEAR),
        ("3 of 5", [0, 1, 0, 1, 0], HOLDS),
        ("3 of 5", [0, 0, 0, 1, 1, 1], CLEAR),
        ("3 of 5", [0, 0, 0], HOLDS),
        ("3 of 5", [0, 0], CLEAR),
    ],
)
@pytest.mark.parametrize("good", [True, False])
def test_strikes_are_counted_result_by_result(when, oks, expected, good):
    assert found(when, results(*[ok if good else 1 - ok for ok in oks]), good=good) == expected


def test_strikes_say_how_many_there_were():
    one = judge(said("2 in a row"), Asked(answers=(results(0, 1, 0, 0, 0),), good=True))
    assert (one.numbers.value, one.numbers.limit) == (Fraction(3), Fraction(2))


@pytest.mark.parametrize("when", ["2 in a row", "last > 1s"])
def test_single_results_are_worth_nothing_once_nobody_reports(when):
    answer = replace(valued(5), results=((1, 0), (2, 0)))
    assert found(when, answer, good=True, lately=False) == unknown(Reason.NOT_HEARD)


@pytest.mark.parametrize(
    ("when", "regions", "expected"),
    [
        ("2 in a row in any region", {"a": [0, 0], "b": [1, 1]}, HOLDS),
        ("2 in a row in any region", {"a": [1, 0], "b": [1, 1]}, CLEAR),
        ("2 in a row in any region", {"a": [1, 1], "b": None}, unknown(Reason.NOT_HEARD)),
        ("2 in a row in any region", {"a": [0, 0], "b": None}, HOLDS),
        ("2 in a row in any region", {}, unknown(Reason.NOT_HEARD)),
        ("2 in a row in all region", {"a": [0, 0], "b": [0, 0]}, HOLDS),
        ("2 in a row in all region", {"a": [0, 0], "b": [1, 0]}, CLEAR),
        ("2 in a row in all region", {"a": [0, 0], "b": None}, unknown(Reason.NOT_HEARD)),
        ("2 in a row in all region", {}, unknown(Reason.NOT_HEARD)),
        ("2 in a row in 2 of 3 region", {"a": [0, 0], "b": [0, 0], "c": [1, 1]}, HOLDS),
        ("2 in a row in 2 of 3 region", {"a": [0, 0], "b": [1, 1], "c": [1, 1]}, CLEAR),
        ("2 in a row in 2 of 3 region", {"a": [0, 0], "b": [1, 1]}, unknown(Reason.NOT_HEARD)),
        ("2 in a row in 2 of 3 region", {"a": [0, 0], "b": [1, 1], "c": None}, unknown(Reason.NOT_HEARD)),
        ("2 in a row in 2 of 3 region", {"a": [1, 1], "b": [1, 1]}, CLEAR),
    ],
)
def test_enough_values_of_a_label_must_hold(when, regions, expected):
    by_value = {
        name: Asked(answers=(results(*(oks or [])),), good=True, lately=oks is not None)
        for name, oks in regions.items()
    }
    assert found(when, results(1), good=True, by_value=by_value) == expected


def test_of_all_values_one_in_which_nothing_happened_says_nothing():
    by_value = {"/": Asked(answers=(seen(50, 50),), good=False), "/rare": Asked(answers=(seen(0),), good=False)}
    assert found(">= 100% in all route", seen(50, 50), good=False, by_value=by_value) == HOLDS


def test_those_in_which_it_holds_are_named():
    by_value = {name: Asked(answers=(results(ok, ok),), good=True) for name, ok in (("a", 0), ("b", 1), ("c", 0))}
    assert judge(said("2 in a row in any region"), Asked(answers=(), by_value=by_value)).others == ("a", "c")


@pytest.mark.parametrize(
    ("when", "now", "earlier", "expected"),
    [
        ("count > 150% of previous 1h", seen(151), seen(100), HOLDS),
        ("count > 150% of previous 1h", seen(150), seen(100), CLEAR),
        ("count > 150% of previous 1h", seen(5), seen(0, known=0), unknown(Reason.NOT_HEARD)),
        ("count > 150% of previous 1h", seen(5), seen(0), unknown(Reason.NO_EVENTS)),
        ("count > 150% of previous 1h", seen(5), None, unknown(Reason.NO_EVENTS)),
        ("count > 150% of previous 1h", seen(5), seen(0, born_ns=900 * SECOND), unknown(Reason.NO_EVENTS)),
        ("mean > 150% of previous 1h", valued(3.1), valued(2), HOLDS),
        ("p95 > 150% of previous 1h", valued(4), valued(1), unknown(Reason.UNDECIDABLE)),
    ],
)
def test_an_earlier_window_must_be_known_to_be_compared_with(when, now, earlier, expected):
    assert found(when, now, earlier=earlier) == expected


@pytest.mark.parametrize(
    ("now", "earlier", "expected"),
    [({80: 100}, {64: 100}, HOLDS), ({80: 100}, {78: 100}, CLEAR), ({80: 100}, {75: 100}, unknown(Reason.UNDECIDABLE))],
)
def test_quantiles_are_compared_with_earlier_ones_where_their_buckets_settle_it(now, earlier, expected):
    answers = [seen(100, valued=100, low=1, high=10**9, buckets=one) for one in (now, earlier)]
    assert found("p95 > 150% of previous 1h", answers[0], earlier=answers[1]) == expected


@pytest.mark.parametrize(
    ("when", "good", "matched", "expected"),
    [
        (">= 100%", True, 100, HOLDS),
        (">= 100%", True, 99, CLEAR),
        ("<= 0%", False, 1, CLEAR),
        ("= 0%", False, 0, HOLDS),
        ("= 0%", False, 1, CLEAR),
        ("> 0%", False, 1, HOLDS),
        ("< 100%", True, 99, HOLDS),
    ],
)
@pytest.mark.parametrize("known", [90, 1])
def test_where_nothing_is_allowed_one_bad_event_settles_it_however_little_was_heard(
    when, good, matched, expected, known
):
    bad = 100 - matched if good else matched
    answer = seen(100, matched, known=known)
    assert found(when, answer, good=good) == (expected if bad or known == 90 else unknown(Reason.NOT_HEARD))


@pytest.mark.parametrize(
    ("target", "allowed", "answer", "good", "expected"),
    [
        (">= 99.9%", "1/1000", seen(10_000, 9_856), True, CLEAR),
        (">= 99.9%", "1/1000", seen(10_000, 9_855), True, HOLDS),
        ("< 1%", "1/100", seen(1000, 145), False, HOLDS),
        ("p95 < 2s", "1/20", under(2 * SECOND, 27, 27, 100), None, HOLDS),
        ("p95 < 2s", "1/20", under(2 * SECOND, 95, 95, 100), None, CLEAR),
        ("p95 < 2s", "1/20", under(2 * SECOND, 10, 95, 100), None, unknown(Reason.UNDECIDABLE)),
        (">= 100%", "0", seen(100, 1), True, unknown(Reason.NO_BUDGET)),
    ],
)
def test_burn_is_the_bad_share_over_the_allowed_one(target, allowed, answer, good, expected):
    asked = {"target": said(target), "allowed": Fraction(allowed), "good": good}
    assert found("burn > 14.4 over 1h", answer, **asked) == expected


def test_a_comparison_that_must_hold_several_times_in_a_row_is_not_judged_as_if_once_were_enough():
    assert found("p95 > 2s over 5m 3 in a row", under(2 * SECOND + 1, 0, 0, 100)) == unknown(Reason.UNDECIDABLE)


def test_the_numbers_are_those_of_the_window():
    answer = seen(212, 198, start_ns=5 * SECOND)
    numbers = judge(said("< 95% over 15m"), Asked(answers=(answer,), good=True, at_least=20)).numbers
    assert (numbers.value, numbers.limit) == (Fraction(99, 106), Fraction(19, 20))
    assert (numbers.hits, numbers.hits_are, numbers.events, numbers.at_least) == (198, "good", 212, 20)
    assert (numbers.start_ns, numbers.window_ns, numbers.known, numbers.slots) == (5 * SECOND, 895 * SECOND, 90, 90)


def different(count=100, **sets):
    return seen(count, distinct={name.replace("_", " "): bounds for name, bounds in sets.items()})


@pytest.mark.parametrize(
    ("when", "answer", "expected"),
    [
        ("distinct user > 5", different(user=(6, 6)), HOLDS),
        ("distinct user > 5", different(user=(5, 5)), CLEAR),
        ("distinct user < 5", different(), HOLDS),
        ("distinct user < 5", seen(0), unknown(Reason.NO_EVENTS)),
        ("distinct user < 5", seen(3, known=10), unknown(Reason.NOT_HEARD)),
        ("distinct user > 1000", different(user=(1001, 1200)), HOLDS),
        ("distinct user > 1000", different(user=(900, 1200)), unknown(Reason.UNDECIDABLE)),
        ("distinct user > 1000", different(user=(800, 1000)), CLEAR),
        ("distinct user = 1000", different(user=(900, 1200)), unknown(Reason.UNDECIDABLE)),
        ("distinct user = 1000", different(user=(1001, 1200)), CLEAR),
        ("distinct user != 1000", different(user=(1001, 1200)), HOLDS),
        ("distinct user != 1000", different(user=(900, 1000)), unknown(Reason.UNDECIDABLE)),
        (
            "distinct user where failed / distinct user > 5%",
            different(user=(100, 100), user_where_failed=(6, 6)),
            HOLDS,
        ),
        (
            "distinct user where failed / distinct user > 5%",
            different(user=(100, 100), user_where_failed=(5, 5)),
            CLEAR,
        ),
        ("distinct user where failed / distinct user > 5%", different(user=(100, 100)), CLEAR),
        ("distinct user where failed / distinct user > 5%", different(), unknown(Reason.NO_EVENTS)),
        (
            "distinct user where failed / distinct user > 5%",
            different(user=(900, 1100), user_where_failed=(50, 50)),
            unknown(Reason.UNDECIDABLE),
        ),
        (
            "distinct user where failed / distinct user > 5%",
            different(user=(900, 990), user_where_failed=(50, 50)),
            HOLDS,
        ),
    ],
)
def test_different_values_are_counted_between_bounds(when, answer, expected):
    assert found(f"{when} over 15m", answer) == expected


@pytest.mark.parametrize(
    ("mine", "earlier", "expected"),
    [
        ((151, 151), (100, 100), HOLDS),
        ((150, 150), (100, 100), CLEAR),
        ((1400, 1600), (1000, 1000), unknown(Reason.UNDECIDABLE)),
        ((1700, 1900), (900, 1100), HOLDS),
        ((1500, 1500), (900, 1100), unknown(Reason.UNDECIDABLE)),
    ],
)
def test_different_values_are_compared_with_those_of_an_earlier_time(mine, earlier, expected):
    answers = (different(user=mine),)
    then = different(user=earlier)
    assert found("distinct user > 150% of previous 1h over 1h", *answers, earlier=then) == expected

"""What a switch says at an instant to who asks: flips on each other, ramps, shares, aims; and what comes after."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.decide.switches import (
    ANYBODY,
    Change,
    Context,
    Flip,
    How,
    KeyMissing,
    Ramp,
    context_of,
    drawn,
    fits,
    found,
    next_change,
    read_ramp,
)
from watchkeeper.manual.model.switching import Switch
from watchkeeper.manual.model.unfit import Unfit

BREAKER = Switch(kind="boolean", default=("false",))
RATE = Switch(kind="percentage", default=("100%",))
MODE = Switch(kind="text", default=("normal",))


def flip(number: int, value: object, begin: int, end: int, **more: object) -> Flip:
    return Flip(id=number, switch="s", value=value, begin_ns=begin, expires_ns=end, **more)  # type: ignore[arg-type]  # a test may pass anything


def said(switch: Switch, flips: list[Flip], at: int, **context: object) -> object:
    return found(switch, flips, context_of(context), at_ns=at).value


def test_the_newest_flip_that_holds_decides_and_what_lies_below_holds_again_at_its_end():
    flips = [flip(1, "a", 0, 100), flip(2, "b", 10, 20), flip(3, "c", 15, 18)]

    assert [said(MODE, flips, at) for at in (0, 9, 10, 15, 17, 18, 20, 99, 100)] == list("aabccbaa") + ["normal"]
    assert found(MODE, flips, ANYBODY, at_ns=16).how is How.STATIC
    assert found(MODE, flips, ANYBODY, at_ns=100).how is How.DEFAULT


def test_a_flip_that_is_aimed_leaves_the_others_with_what_lies_below():
    flips = [flip(1, True, 0, 9, only=(("platform", ("spotify", "deezer")), ("tier", ("free",))))]

    assert said(BREAKER, flips, 1, platform="deezer", tier="free") is True
    assert said(BREAKER, flips, 1, platform="deezer", tier="paid") is False
    assert said(BREAKER, flips, 1, platform="deezer") is False
    assert (
        found(BREAKER, flips, context_of({"platform": "spotify", "tier": "free"}), at_ns=1).how is How.TARGETING_MATCH
    )


@pytest.mark.parametrize(
    ("has", "wanted", "holds"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("2001:db8::7", "2001:db8::/32", True),
        ("10.1.2.3", "2001:db8::/32", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("not an address", "10.0.0.0/8", False),
        ("a/b", "a/b", True),
        ("10.1.2.3", "a/b", False),
    ],
)
def test_a_network_holds_the_addresses_within_it(has, wanted, holds):
    assert fits([("ip", [wanted])], context_of({"ip": has})) is holds


def test_a_share_picks_the_same_keys_always_and_about_as_many_as_it_says():
    flips = [flip(1, True, 0, 9, share=20)]
    keys = [f"user-{n}" for n in range(5000)]
    picked = Counter(said(BREAKER, flips, 1, targetingKey=key) for key in keys)

    assert 0.18 < picked[True] / len(keys) < 0.22
    assert all(said(BREAKER, [flip(1, True, 0, 9, share=40)], 1, targetingKey=k) for k in keys if drawn("s", k) < 20)
    assert drawn("s", "user-1") != drawn("t", "user-1")
    assert (
        found(BREAKER, flips, context_of({"targetingKey": min(keys, key=lambda k: drawn("s", k))}), at_ns=1).how
        is How.SPLIT
    )


def test_a_share_asks_for_a_key_and_leaves_out_who_only_looks_on():
    flips = [flip(1, True, 0, 9, share=20)]

    with pytest.raises(KeyMissing, match="targetingKey"):
        said(BREAKER, flips, 1, platform="spotify")
    assert found(BREAKER, flips, ANYBODY, at_ns=1).value is False
    assert said(BREAKER, flips, 9) is False


def test_a_ramp_moves_a_percentage_step_by_step_from_what_lies_below_and_stops_at_its_aim():
    ramp = Ramp(step=10, every_ns=5)
    down = [flip(1, 75.0, 0, 100, ramp=ramp)]
    up = [flip(1, 0.0, 0, 100), flip(2, 25.0, 0, 100, ramp=ramp)]

    assert [said(RATE, down, at) for at in (0, 4, 5, 10, 50)] == [90.0, 90.0, 80.0, 75.0, 75.0]
    assert [said(RATE, up, at) for at in (0, 5, 10, 50)] == [10.0, 20.0, 25.0, 25.0]


def test_a_ramp_of_every_other_kind_reaches_more_and_more_of_the_keys():
    flips = [flip(1, "backup", 0, 100), flip(2, "primary", 10, 100, ramp=Ramp(step=25, every_ns=5))]
    keys = [f"k{n}" for n in range(400)]
    back = [sum(said(MODE, flips, at, targetingKey=k) == "primary" for k in keys) for at in (9, 10, 15, 20, 25)]

    assert back == sorted(back)
    assert (back[0], back[-1]) == (0, 400)
    assert 70 < back[1] < 130
    assert said(MODE, flips, 25) == "primary"


def test_what_comes_next_is_the_next_other_value_for_this_one_who_asks():
    flips = [flip(1, True, 0, 50), flip(2, True, 0, 80, only=(("platform", ("spotify",)),))]

    assert next_change(BREAKER, flips, context_of({"platform": "deezer"}), at_ns=1) == Change(at_ns=50, value=False)
    assert next_change(BREAKER, flips, context_of({"platform": "spotify"}), at_ns=1) == Change(at_ns=80, value=False)
    assert next_change(BREAKER, flips, ANYBODY, at_ns=80) is None
    assert next_change(BREAKER, [], ANYBODY, at_ns=1) is None


FLIPS = st.lists(
    st.builds(
        lambda value, begin, length, share, ramp, only: flip(
            0, value, begin, begin + length, share=share, ramp=ramp, only=(("p", ("x",)),) if only else ()
        ),
        st.sampled_from([0.0, 25.0, 100.0]),
        st.integers(0, 40),
        st.integers(1, 60),
        st.sampled_from([100.0, 50.0]),
        st.none() | st.builds(Ramp, step=st.sampled_from([1.0, 10.0, 30.0, 100.0]), every_ns=st.integers(1, 9)),
        st.booleans(),
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(flips=FLIPS, at=st.integers(0, 60), key=st.sampled_from(["a", "b", "c"]), platform=st.sampled_from(["x", "y"]))
@pytest.mark.parametrize("switch", [RATE, MODE])
def test_the_next_change_is_where_walking_on_instant_by_instant_finds_it(switch, flips, at, key, platform):
    if switch is MODE:
        flips = [
            Flip(**{name: getattr(one, name) for name in one.__slots__} | {"value": f"v{one.value}"}) for one in flips
        ]
    context: Context = context_of({"targetingKey": key, "p": platform})
    now = found(switch, flips, context, at_ns=at).value
    walked = ((on, found(switch, flips, context, at_ns=on).value) for on in range(at + 1, 102))
    first = next(((on, value) for on, value in walked if value != now), None)

    assert next_change(switch, flips, context, at_ns=at) == (first and Change(at_ns=first[0], value=first[1]))


@pytest.mark.parametrize(
    "text", ["", "10%", "10 every 5m", "0.5% every 5m", "200% every 5m", "10% every 1ms", "10% every"]
)
def test_a_ramp_that_cannot_be_is_refused_with_one_that_can(text):
    with pytest.raises(Unfit, match="10% every 5m"):
        read_ramp(text)

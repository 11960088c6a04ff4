"""Swept all at once, every condition comes to what it comes to when it is judged by itself."""

import pytest

from tests.act.sweeping import Life


def live(seeds: range) -> tuple[int, int]:
    asked = judged = 0
    for seed in seeds:
        life = Life(seed)
        try:
            life.run()
        except AssertionError as error:
            raise AssertionError(f"life {seed}: {error}") from error
        asked, judged = asked + life.asked, judged + life.judged
    return asked, judged


@pytest.mark.parametrize("part", range(5))
def test_a_sweep_says_of_every_condition_what_judging_it_says(part):
    asked, judged = live(range(part * 50, part * 50 + 25))
    assert judged > 5_000
    assert asked < judged / 4  # what must be asked one by one is the exception


@pytest.mark.torture
@pytest.mark.parametrize("part", range(50))
def test_so_it_does_over_thousands_of_lives(part):
    live(range(1_000 + part * 100, 1_100 + part * 100))

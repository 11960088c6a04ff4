"""
Does every number equal a brute-force recomputation, whatever the order, the batches, the resends and the restarts?
"""

from pathlib import Path

import pytest

from tests.measure.cases import Case


def run(seeds: range, folder: Path) -> None:
    for seed in seeds:
        case = Case(seed, folder)
        try:
            case.run()
        except Exception as error:
            raise AssertionError(f"case {seed} in {case.zone}:\n{case._text()}\n{error}") from error
        for file in folder.glob("log*"):
            file.unlink()


@pytest.mark.parametrize("tenth", range(10))
def test_every_answer_equals_a_recomputation_by_hand(tmp_path: Path, tenth: int) -> None:
    run(range(tenth * 100, tenth * 100 + 100), tmp_path)


@pytest.mark.torture
@pytest.mark.parametrize("hundredth", range(100))
def test_a_hundred_thousand_cases_equal_a_recomputation_by_hand(tmp_path: Path, hundredth: int) -> None:
    run(range(1_000 + hundredth * 1_000, 2_000 + hundredth * 1_000), tmp_path)

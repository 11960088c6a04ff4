"""
A manual loads whole, or says every mistake with its place.
"""

from pathlib import Path

from watchkeeper.manual.load import Loaded, load

SMALL = Path(__file__).parent / "small.yaml"


def test_a_small_manual_loads():
    loaded = load(SMALL)

    assert isinstance(loaded, Loaded), str(loaded)
    assert loaded.manual.alerts["parse-success"].at_least == 20
    assert loaded.manual.routes[1].tell == ("chat",)

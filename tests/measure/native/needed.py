"""
What becomes of a test of compiled parts where there are none?

It is skipped, as whoever has no compiler expects; but where they are demanded (`WATCHKEEPER_NATIVE=1`, as continuous
integration says) it fails.
"""

import pytest

import hatch_build
from watchkeeper.measure.native import backend


def need(*parts: str) -> None:
    """
    Go on only where these parts are compiled.
    """
    missing = [part for part in parts if backend.native(part) is None]
    if missing:
        if hatch_build.demanded():
            pytest.fail(f"{hatch_build.DEMAND} is set, and these parts are not compiled: {', '.join(missing)}")
        pytest.skip(f"not compiled here: {', '.join(missing)}")

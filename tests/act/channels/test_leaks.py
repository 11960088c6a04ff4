"""
Does any channel give away its address or its secret?
"""

from __future__ import annotations

import pytest

from tests.act.channels.leaks import leaks_no_secret


@pytest.mark.parametrize("kind", ["webhook", "slack", "discord"])
def test_a_channel_leaks_no_secret(kind, receiver, http, caplog):
    leaks_no_secret(kind, receiver, http, caplog)

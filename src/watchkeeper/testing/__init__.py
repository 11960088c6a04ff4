"""
How do I test what happens over days, without waiting and without a network?

A `Story` runs a manual in process, with the real engine, decisions and store, on a clock moved by hand. docs/testing.md
has more. This is the one package whose names are imported from here: users write `from watchkeeper.testing import`.
"""

from watchkeeper.testing.clock import HandClock
from watchkeeper.testing.flows import Flow
from watchkeeper.testing.network import Call, FakeNetwork
from watchkeeper.testing.pager import Letter, Pager
from watchkeeper.testing.story import Story

__all__ = ["Call", "FakeNetwork", "Flow", "HandClock", "Letter", "Pager", "Story"]

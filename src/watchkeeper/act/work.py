"""
What has the watch done beside taking things in? For `/metrics`; what a reload replaces begins again at 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """
    Checks by name: how often each was asked and skipped, and which give no results just now; turns by outcome.
    """

    asked: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    turns: int = 0
    failed_turns: int = 0

"""A manual from plain values, as YAML would give them."""

from typing import Any

from watchkeeper.manual.model.manual import Manual


def written(**keys: Any) -> Manual:
    """
    The manual of a shop with these sections.
    """
    return Manual.model_validate({"watchkeeper": 1, "manual": "Shop"} | keys)

"""
Who is paged next, of every page of which something is due?
"""

from watchkeeper.act.standing import Standing
from watchkeeper.store.state import State


def run(state: State, standing: Standing, *, now_ns: int) -> bool:
    """
    Take each due page one step further; whether anything was written.
    """
    return False

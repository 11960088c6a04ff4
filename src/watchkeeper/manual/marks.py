"""
Where in the files does a piece of the manual stand?

A path names a piece: `("alerts", "slow", "when")`. Pieces that nobody wrote (a default, a missing key) stand where the
nearest thing around them stands:

>>> from watchkeeper.manual.yaml_nodes import read_nodes
>>> marks = Marks(read_nodes("alerts:\\n  slow: {when: p95 > 2s}"))
>>> marks.of(("alerts", "slow", "when")).column, marks.of(("alerts", "slow", "severity")).line
(16, 2)
"""

from dataclasses import dataclass

from watchkeeper.manual.yaml_faults import Mark
from watchkeeper.manual.yaml_nodes import Node

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """
    The tree of what was written, asked for places.
    """

    root: Node

    def of(self, path: Place, *, column: int = 1) -> Mark:
        """
        Where the value at the path stands; `column` counts within its text, when it stands in the file as it is.
        """
        _, value, whole = self._find(path)
        verbatim = value.verbatim if whole and "\n" not in (value.text or "") else None
        if verbatim is None:
            return value.mark
        return Mark(file=verbatim.file, line=verbatim.line, column=verbatim.column + column - 1)

    def of_key(self, path: Place) -> Mark:
        """
        Where the key stands that the path ends with; where the value stands when it has none.
        """
        key, value, _ = self._find(path)
        return key.mark if key is not None else value.mark

    def written(self, path: Place) -> bool:
        """
        Whether somebody wrote this key.
        """
        return self._find(path)[2]

    def _find(self, path: Place) -> tuple[Node | None, Node, bool]:
        key: Node | None = None
        node = self.root
        for step in path:
            if node.pairs is not None and step in node.pairs:
                key, node = node.pairs[str(step)]
            elif node.items is not None and isinstance(step, int) and step < len(node.items):
                key, node = None, node.items[step]
            elif step == 0 and node.items is None:
                continue  # one item written where a list may stand
            else:
                return key, node, False
        return key, node, True


def show_path(path: Place) -> str:
    """
    The path as people say it: `gates.launch.criteria[2].when`.
    """
    said = ""
    for step in path:
        said += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if said else step
    return said or "manual"

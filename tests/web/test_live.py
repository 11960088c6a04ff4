"""An open page hears that something changed, at most as often as it is told."""

import anyio

from tests.web.house import ADDRESS, House, calm
from watchkeeper.web.doors import Doors
from watchkeeper.web.live import Live


class _Request:
    """A request whose reader leaves after so many looks."""

    def __init__(self, looks: int) -> None:
        self._looks = looks

    async def is_disconnected(self) -> bool:
        self._looks -= 1
        return self._looks < 0


def heard(house: House, looks: int, happens, closing=lambda: False) -> list[str]:
    said: list[str] = []
    live = Live(house.watch, Doors(address=ADDRESS, closing=closing), every_seconds=0.0)

    async def listen() -> None:
        async for line in live._changes(_Request(looks)):  # type: ignore[arg-type]  # only is_disconnected is asked
            said.append(line)
            happens(len(said))

    anyio.run(listen)
    return said


def test_a_change_is_told(house):
    def happens(n: int) -> None:
        if n == 2:
            house.spans(1, {"name": "GET /", "kind": "server", "status": 200})

    assert heard(house, 3, happens)[1:] == [": still here\n\n", "event: changed\ndata: \n\n", ": still here\n\n"]


def test_a_quiet_page_is_renewed_now_and_then_because_windows_move_on(house):
    said = heard(house, 10, lambda _n: None)

    assert [i for i, line in enumerate(said) if line.startswith("event: changed")] == [5, 10]


def test_a_transition_is_a_change(house):
    calm(house, minutes=1)
    before = house.watch.stamp()
    house.clock.move(hours=1)
    house.turn()

    assert house.watch.stamp() != before


def test_the_stream_ends_with_the_server(house):
    assert len(heard(house, 10, lambda _n: None, closing=lambda: True)) == 1

"""
Who uses the application?

An open model: users arrive at random at the stated rate whether or not the application keeps up, so that a slow
application is seen as slow. What is under way is bounded; arrivals beyond that are counted as held back.
"""

import asyncio
import random
import re
from dataclasses import asdict, dataclass

import httpx2

from standin.chance import draw_weighted
from standin.faults import Faults
from standin.scenario import Operation, Scenario

UNDER_WAY = 250
LOOK_AGAIN_SECONDS = 0.5  # arrivals have no memory, so a long wait may be drawn anew; a changed rate is seen in time


@dataclass(slots=True)
class Tally:
    """
    What became of the requests of one operation: `failed` is an answer that is an error or names one, `lost` is none.
    """

    sent: int = 0
    ok: int = 0
    failed: int = 0
    lost: int = 0
    held_back: int = 0


class Load:
    """
    The users of one scenario; `times` multiplies every rate.
    """

    def __init__(
        self, scenario: Scenario, faults: Faults, client: httpx2.AsyncClient, app: str, *, times: float
    ) -> None:
        self._scenario, self._faults, self._client, self._app, self._times = scenario, faults, client, app, times
        self._rng = random.Random(f"{scenario.seed} load")
        self._under_way: set[asyncio.Task[None]] = set()
        self.on = True
        self.tallies = {name: Tally() for name in scenario.operations}

    async def run(self) -> None:
        """
        Sends until it is cancelled; then gives up what is under way.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for name, operation in self._scenario.operations.items():
                    group.create_task(self._arrivals(name, operation))
        finally:
            for task in self._under_way:
                task.cancel()

    def state(self) -> dict[str, dict[str, int]]:
        return {name: asdict(tally) for name, tally in self.tallies.items()}

    async def _arrivals(self, name: str, operation: Operation) -> None:
        loop = asyncio.get_running_loop()
        at = loop.time()
        while True:
            rate = operation.rate * self._times * self._faults.operation_rate(name) if self.on else 0.0
            gap = self._rng.expovariate(rate) if rate else LOOK_AGAIN_SECONDS
            at = max(at, loop.time() - LOOK_AGAIN_SECONDS) + min(gap, LOOK_AGAIN_SECONDS)
            await asyncio.sleep(at - loop.time())
            if rate and gap <= LOOK_AGAIN_SECONDS:
                self._arrive(name, operation)

    def _arrive(self, name: str, operation: Operation) -> None:
        if len(self._under_way) >= UNDER_WAY:
            self.tallies[name].held_back += 1
            return
        task = asyncio.create_task(self._send(self.tallies[name], operation))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _send(self, tally: Tally, operation: Operation) -> None:
        chosen = {key: draw_weighted(weights, self._rng) for key, weights in operation.attributes.items()}
        path = re.sub(r"\{[^}]*\}", lambda _: str(self._rng.randrange(1000)), operation.route)
        tally.sent += 1
        try:
            if operation.method in ("GET", "DELETE"):
                answer = await self._client.request(operation.method, self._app + path, params=chosen or None)
            else:
                answer = await self._client.request(operation.method, self._app + path, json=chosen)
        except httpx2.HTTPError:
            tally.lost += 1
            return
        if answer.status_code < 400 and "error" not in answer.json():
            tally.ok += 1
        else:
            tally.failed += 1

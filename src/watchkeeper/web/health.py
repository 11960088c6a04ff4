"""
Is this process up, and can it do its work?

`/health` and `/health/liveness` answer 200 as soon as the socket does; `/health` also says how each part is: the state,
the log, the way in, the turn; and whether compiled parts do the work (`engine`). `/health/readiness` answers 503 when
one of them is not well.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from watchkeeper.act.watch import Watch
from watchkeeper.measure.native.backend import in_use
from watchkeeper.store.errors import StateError
from watchkeeper.web.doors import Doors

OK = "ok"


class Health:
    """
    The health addresses.
    """

    def __init__(self, watch: Watch, doors: Doors) -> None:
        self._watch, self._doors = watch, doors

    def routes(self) -> list[Route]:
        """
        The routes, in one place.
        """
        return [
            Route("/health", self._health),
            Route("/health/liveness", self._alive),
            Route("/health/readiness", self._ready),
        ]

    def checks(self) -> dict[str, str]:
        """
        Each part: "ok", or what is the matter with it. What the daemon knows better replaces what is seen from here.
        """
        return {"state": self._state(), "log": self._log(), "intake": OK, "turn": OK, **self._doors.checks()}

    def _health(self, _: Request) -> JSONResponse:
        parts = self.checks()
        well = all(said == OK for said in parts.values())
        now = self._now("healthy" if well else "degraded")
        return JSONResponse({**now, "engine": in_use(), "components": parts})

    async def _alive(self, _: Request) -> JSONResponse:
        return JSONResponse(self._now("alive"))

    def _now(self, status: str) -> dict[str, str]:
        at = self._watch.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"status": status, "timestamp": at, "version": self._doors.version}

    def _ready(self, _: Request) -> JSONResponse:
        checks = self.checks()
        ready = all(said == OK for said in checks.values())
        return JSONResponse(
            {"status": "ready" if ready else "not ready", "checks": checks}, status_code=200 if ready else 503
        )

    def _state(self) -> str:
        try:
            with self._watch.state.reading():
                return OK
        except StateError as error:
            return str(error)

    def _log(self) -> str:
        return OK if self._watch.intake.tally.writes else "the last commit failed; senders are asked to come again"

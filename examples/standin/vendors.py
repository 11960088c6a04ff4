"""
How do the vendors answer?

Each vendor is a real HTTP server on its own port: it takes its time, and under a fault it refuses a share of the calls.
"""

import asyncio
import random

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from standin.chance import EvenShare, draw_latency
from standin.faults import Faults
from standin.scenario import Vendor

REFUSED_SECONDS = 0.02  # a rate limiter answers at once
REFUSALS = {429: "rate limit exceeded", 402: "declined", 503: "unavailable"}


def vendor_app(name: str, vendor: Vendor, faults: Faults, *, seed: int) -> ASGIApp:
    """
    The application of one vendor; it answers every path alike.
    """
    rng, refused = random.Random(f"{seed} {name}"), EvenShare()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        seconds = draw_latency(vendor.latency, rng, factor=faults.vendor_latency(name))
        for number, answers in enumerate(faults.vendor_answers(name)):
            if refused.takes(f"{number} {answers.status}", answers.share):
                await asyncio.sleep(min(REFUSED_SECONDS, seconds))
                headers = {"retry-after": "30"} if answers.status in (429, 503) else {}
                body = {"vendor": name, "error": REFUSALS.get(answers.status, "failed")}
                await JSONResponse(body, answers.status, headers)(scope, receive, send)
                return
        await asyncio.sleep(seconds)
        await JSONResponse({"vendor": name, "status": "ok"})(scope, receive, send)

    return answer

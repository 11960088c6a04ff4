"""The live application asks by OFREP: one switch, all, when they change; who has no token sees what is public."""

import asyncio
import json

import pytest
from starlette.testclient import TestClient

from tests.stories.switched import HOUR, opened, visitor
from tests.web.api.conftest import ADDRESS
from tests.web.signing import signed_in, token_of
from watchkeeper.act.switching import FlipWish
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors
from watchkeeper.web.ofrep import Ofrep

FLAGS = "/ofrep/v1/evaluate/flags"


@pytest.fixture
def shop():
    return opened()


@pytest.fixture
def asking(shop):
    """Somebody without a token."""
    with TestClient(create_app(shop.watch, Doors(address=ADDRESS)), base_url=ADDRESS) as client:
        yield client


@pytest.fixture
def app(asking, shop):
    """The live application, with a token that may read."""
    asking.headers["Authorization"] = f"Bearer {token_of(shop.watch, 'read')}"
    return asking


def flip(shop, switch: str, *value: str, for_ns: int = HOUR, **more: object):
    wish = FlipWish(switch=switch, value=value, for_ns=for_ns, reason="the vendor throttles", **more)  # type: ignore[arg-type]  # a test may pass anything
    return shop.watch.switches.flip(wish, who=visitor("admin"))


def asked(client, key: str, **context: object):
    return client.post(f"{FLAGS}/{key}", json={"context": context})


def test_every_kind_comes_as_its_type_in_the_protocol(app):
    told = {
        key: asked(app, key).json()["value"] for key in ("parse-rate", "breaker", "votes", "backoff", "mode", "blocked")
    }

    assert told == {
        "parse-rate": 100.0,
        "breaker": False,
        "votes": 10,
        "backoff": 1.5,
        "mode": "normal",
        "blocked": {"members": []},
    }
    assert [type(told[key]) for key in ("parse-rate", "votes", "backoff")] == [float, int, float]
    assert asked(app, "cache").json() == {
        "key": "cache",
        "value": "redis://cache-1:6379",
        "reason": "DEFAULT",
        "variant": "default",
        "metadata": {"kind": "address"},
    }


def test_a_flip_says_when_it_ends_and_what_comes_after(app, shop):
    flip(shop, "breaker", "true", only={"platform": ["spotify"]})
    told = asked(app, "breaker", platform="spotify").json()

    assert (told["value"], told["reason"], told["variant"]) == (True, "TARGETING_MATCH", "flip-1")
    assert told["metadata"] == {"kind": "boolean", "expires": "2026-03-02T12:00:00.000Z", "next": False}
    assert asked(app, "breaker", platform="deezer").json()["value"] is False
    flip(shop, "blocked", "a", "b")
    assert asked(app, "blocked").json()["metadata"]["next"] == '{"members": []}'


def test_a_ramp_says_its_next_step(app, shop):
    flip(shop, "parse-rate", "50%", ramp="10% every 5m")
    assert asked(app, "parse-rate").json()["value"] == 90.0
    assert asked(app, "parse-rate").json()["metadata"]["next"] == 80.0
    shop.sleep(minutes=5)
    assert asked(app, "parse-rate").json()["value"] == 80.0


def test_a_share_needs_a_key_and_says_so(app, shop):
    flip(shop, "captcha", "true", share=50)

    answer = asked(app, "captcha")
    assert (answer.status_code, answer.json()["errorCode"], answer.json()["key"]) == (
        400,
        "TARGETING_KEY_MISSING",
        "captcha",
    )
    drawn = {asked(app, "captcha", targetingKey=f"u{n}").json()["value"] for n in range(20)}
    assert drawn == {True, False}
    [one] = [flag for flag in app.post(FLAGS, json={}).json()["flags"] if flag["key"] == "captcha"]
    assert one["errorCode"] == "TARGETING_KEY_MISSING"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "PARSE_ERROR"),
        (b"[" * 5000, 400, "PARSE_ERROR"),
        (b"\xff", 400, "PARSE_ERROR"),
        (b"[]", 400, "INVALID_CONTEXT"),
        (b'{"context": 7}', 400, "INVALID_CONTEXT"),
        (b'{"context": {"a": "' + b"x" * 70_000 + b'"}}', 413, "GENERAL"),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_shape_of_the_protocol(app, body, status, code):
    headers = {"Content-Type": "application/json"}
    one, every = (
        app.post(f"{FLAGS}/breaker", content=body, headers=headers),
        app.post(FLAGS, content=body, headers=headers),
    )

    assert (one.status_code, one.json()["key"], one.json()["errorCode"]) == (status, "breaker", code)
    assert (every.status_code, every.json()["errorCode"]) == (status, code)


def test_an_unknown_switch_is_not_found_and_the_nearest_is_named(app):
    answer = asked(app, "braeker")

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "FLAG_NOT_FOUND")
    assert "did you mean `breaker`?" in answer.json()["errorDetails"]
    assert asked(app, "a/b%00 c").status_code == 404


def test_all_at_once_come_with_a_tag_over_what_they_say_and_who_asked(app, shop):
    first = app.post(FLAGS, json={"context": {"platform": "spotify"}})
    tag = {"If-None-Match": first.headers["etag"]}

    assert [flag["key"] for flag in first.json()["flags"]] == list(shop.watch.standing.manual.switches)
    assert app.post(FLAGS, json={"context": {"platform": "spotify"}}, headers=tag).status_code == 304
    assert app.post(FLAGS, json={"context": {"platform": "spotify"}}, headers=tag).content == b""
    assert app.post(FLAGS, json={"context": {"platform": "deezer"}}, headers=tag).status_code == 200
    flip(shop, "breaker", "true", only={"platform": ["deezer"]})
    assert app.post(FLAGS, json={"context": {"platform": "spotify"}}, headers=tag).status_code == 304
    flip(shop, "breaker", "true")
    assert app.post(FLAGS, json={"context": {"platform": "spotify"}}, headers=tag).status_code == 200


def test_whoever_has_no_token_or_one_that_reads_nothing_sees_only_what_is_public(asking, shop):
    flip(shop, "captcha", "true")
    public = ["captcha", "votes"]
    assert "eventStreams" not in asking.post(FLAGS, json={}).json()
    assert asking.get("/ofrep/v1/events").status_code == 401
    assert [flag["key"] for flag in asking.post(FLAGS, json={}).json()["flags"]] == public
    assert asked(asking, "captcha").json()["value"] is True
    hidden, unknown = asked(asking, "blocked").json(), asked(asking, "blockad").json()
    assert (hidden["errorCode"], "blocked`" in unknown["errorDetails"]) == ("FLAG_NOT_FOUND", False)

    asking.headers["Authorization"] = f"Bearer {token_of(shop.watch, 'ingest')}"
    assert [flag["key"] for flag in asking.post(FLAGS, json={}).json()["flags"]] == public


def test_a_token_that_does_not_hold_is_refused_and_not_taken_for_none(asking):
    asking.headers["Authorization"] = "Bearer wk_nonsense"

    assert asked(asking, "captcha").status_code == 401
    assert asking.post(FLAGS, json={}).status_code == 401
    assert asking.get("/ofrep/v1/events").status_code == 401


def test_a_person_who_is_signed_in_may_ask_too(asking, shop):
    signed_in(asking, shop.watch, role="viewer")
    assert asked(asking, "blocked").json()["value"] == {"members": []}


def test_another_site_may_not_ask_through_a_browser(asking):
    answer = asking.post(FLAGS, json={}, headers={"Origin": "https://evil.test"})
    assert answer.status_code == 403


def test_the_stream_says_within_its_pace_that_something_was_flipped(shop, app):
    stream = app.post(FLAGS, json={}).json()["eventStreams"]
    assert stream == [{"type": "sse", "url": f"{ADDRESS}/ofrep/v1/events", "inactivityDelaySec": 120}]

    class Request:
        async def is_disconnected(self) -> bool:
            return False

    async def told() -> str:
        changes = Ofrep(shop.watch, Doors(address=ADDRESS), every_seconds=0.001)._changes(Request())  # type: ignore[arg-type]  # only asks whether it goes on
        assert "retry" in await anext(changes)
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0)
        flip(shop, "breaker", "true")
        return await asyncio.wait_for(waiting, 10)

    event = asyncio.run(told())
    assert json.loads(event.partition("data: ")[2]) == {"type": "refetchEvaluation"}
    assert event.endswith("\n\n")

"""
The receiver takes what Slack, Discord and webhooks take, and shows it to machines and people.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.standin.conftest import Running, start


@pytest.fixture(scope="module")
def standin() -> Iterator[Running]:
    running = start("--no-load")
    yield running
    running.stop()


def kept(standin: Running) -> dict[str, Any]:
    messages: dict[str, Any] = standin.get("receiver", "/messages").json()
    return messages


def test_before_anything_arrives_the_page_tells_what_to_do(standin: Running) -> None:
    shown = standin.get("receiver", "/").text
    assert "Nothing has arrived yet" in shown
    assert "Break something" in shown


def test_each_kind_is_answered_as_its_service_does_kept_and_printed(standin: Running) -> None:
    slack = standin.post("receiver", "/slack/T0/B0/x", json={"text": "P2 parse success\nis low"})
    discord = standin.post("receiver", "/discord/1/x", json={"embeds": [{"title": "P2", "description": "14 of 212"}]})
    hook = standin.post(
        "receiver", "/hook", json={"type": "alert", "data": {"title": "low"}}, headers={"webhook-id": "m1"}
    )

    assert (slack.status_code, slack.text) == (200, "ok")
    assert (discord.status_code, hook.status_code) == (204, 204)
    newest = kept(standin)["messages"][:3]
    assert [(m["via"], m["text"]) for m in newest] == [
        ("webhook", "low"),
        ("discord", "P2\n14 of 212"),
        ("slack", "P2 parse success\nis low"),
    ]
    assert [m["number"] for m in newest] == [3, 2, 1]
    assert newest[0]["headers"]["webhook-id"] == "m1"
    assert newest[0]["body"] == {"type": "alert", "data": {"title": "low"}}
    assert standin.process.stdout is not None
    assert standin.process.stdout.readline().rstrip().endswith("slack    P2 parse success is low")


def test_only_newer_messages_are_given_and_a_wait_without_any_ends_empty(standin: Running) -> None:
    before = kept(standin)["received"]
    standin.post("receiver", "/webhook", json={"text": "one"})
    standin.post("receiver", "/webhook", json={"text": "two"})

    newer = standin.get("receiver", f"/messages?after={before + 1}&wait=5").json()["messages"]
    assert [message["text"] for message in newer] == ["two"]
    assert standin.get("receiver", f"/messages?after={before + 2}&wait=0.1").json()["messages"] == []
    assert standin.get("receiver", "/messages?after=x").status_code == 422


def test_a_waiting_reader_is_told_when_a_message_comes(standin: Running) -> None:
    before = kept(standin)["received"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(standin.get, "receiver", f"/messages?after={before}&wait=10")
        standin.post("receiver", "/webhook", json={"text": "awaited"})
        assert [m["text"] for m in waiting.result().json()["messages"]] == ["awaited"]


def test_the_last_200_are_kept(standin: Running) -> None:
    before = kept(standin)["received"]
    for number in range(205):
        standin.post("receiver", "/webhook", json={"text": f"no. {number}"})

    after = kept(standin)
    assert (after["received"] - before, len(after["messages"])) == (205, 200)
    assert after["messages"][-1]["text"] == "no. 5"


def test_the_page_shows_what_was_posted_and_runs_none_of_it(standin: Running) -> None:
    standin.post("receiver", "/slack", json={"text": "<script>alert(1)</script>"})

    shown = standin.get("receiver", "/").text
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown


def test_a_body_that_is_no_json_is_kept_as_text_and_one_too_long_is_refused(standin: Running) -> None:
    assert standin.post("receiver", "/webhook", content=b"plain \xff words").status_code == 204
    assert standin.post("receiver", "/webhook", content=b"x" * 300_000).status_code == 413

    assert kept(standin)["messages"][0]["text"] == "plain \ufffd words"


def test_a_receiver_that_is_broken_on_purpose_keeps_nothing(standin: Running) -> None:
    before = kept(standin)
    standin.switch("receiver-broken", on=True)
    assert standin.post("receiver", "/slack", json={"text": "lost"}).status_code == 503
    standin.switch("receiver-broken", on=False)

    assert kept(standin) == {**before, "refused": before["refused"] + 1}


def test_a_push_message_shows_whom_it_went_to_and_its_buttons(standin: Running) -> None:
    acknowledge = {"action": "http", "label": "Acknowledge", "url": "http://127.0.0.1:1/answer/t"}
    body = {
        "topic": "shop-ada",
        "title": "P1 · Disk",
        "message": "Why you",
        "actions": [acknowledge, {"url": "file:///x"}],
    }
    standin.post("receiver", "/", json=body)

    [message] = kept(standin)["messages"][:1]
    assert (message["via"], message["text"]) == ("ntfy", "to shop-ada: P1 · Disk\nWhy you")
    shown = standin.get("receiver", "/").text
    assert 'href="http://127.0.0.1:1/answer/t"' in shown
    assert "file:///x&" not in shown.partition("<details>")[0]

"""
Does any page, answer or log of a whole watch show a secret that its channels were given?
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import structlog
from starlette.testclient import TestClient

from tests.web.signing import signed_in
from watchkeeper.daemon import Daemon, Settings
from watchkeeper.store import outbox
from watchkeeper.store.notices import NoticeRow
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors
from watchkeeper.web.permissions import PERMISSIONS

ADDRESS = "http://127.0.0.1:8400"
TOKEN = "s3cretT0KEN4c0ffee"
MANUAL = """
watchkeeper: 1
manual: Shop
channels:
  mail: {kind: email, address_env: SMTP_URL, from: w@shop.example, to: team@shop.example}
  phones: {kind: ntfy, address_env: NTFY_URL, token_env: NTFY_TOKEN}
  pager: {kind: pagerduty, address_env: PD}
  chat: {kind: slack, address_env: SLACK, signing_env: SIGNING}
  room: {kind: discord, address_env: ROOM}
  hook: {kind: webhook, address_env: HOOK, secret_env: KEY}
  broken: {kind: email, address_env: BROKEN, from: w@shop.example}
people:
  ada: {contacts: {phone: {channel: phones, to_env: ADAS_TOPIC}, lost: {channel: phones, to_env: LOST}}}
routes: [{tell: [mail, phones, pager, chat, room, hook]}]
"""
ENVIRON = {
    "SMTP_URL": f"smtp://{TOKEN}:{TOKEN}@127.0.0.1:1",
    "NTFY_URL": f"http://127.0.0.1:1/{TOKEN}",
    "NTFY_TOKEN": TOKEN,
    "PD": f"http://{TOKEN}abcdefghijklmn@127.0.0.1:1/x",
    "SLACK": f"http://127.0.0.1:1/{TOKEN}",
    "SIGNING": TOKEN,
    "ROOM": f"http://127.0.0.1:1/{TOKEN}",
    "BROKEN": TOKEN,
    "ADAS_TOPIC": TOKEN,
}


@pytest.mark.parametrize("allow_private", [True, False])
def test_no_page_no_answer_and_no_log_shows_a_secret(tmp_path: Path, caplog, capfd, allow_private):
    assert len(TOKEN) + 14 == 32
    (tmp_path / "shop.yaml").write_text(MANUAL)
    for name in ("HOOK", "LOST"):
        (tmp_path / name).write_text(f"http://127.0.0.1:1/{TOKEN}" if name == "HOOK" else TOKEN)
    environ = {**ENVIRON, "HOOK_FILE": str(tmp_path / "HOOK"), "LOST_FILE": str(tmp_path / "nowhere"), "KEY": TOKEN}
    settings = Settings(
        manual=tmp_path / "shop.yaml",
        data=tmp_path / "data",
        address=ADDRESS,
        environ=environ,
        allow_private=allow_private,
    )
    seen: list[object] = [repr(settings)]
    with structlog.testing.capture_logs() as logs, caplog.at_level(logging.DEBUG, logger="watchkeeper"):
        daemon = Daemon(settings)
        try:
            told(daemon)
            daemon.sender.send_due()
            doors = Doors(
                address=ADDRESS, troubles=daemon.troubles, checks=daemon.health, links=daemon.links, slack=daemon.slack
            )
            client = TestClient(create_app(daemon.watch, doors), base_url=ADDRESS)
            signed_in(client, daemon.watch, "root", role="admin")
            for door in PERMISSIONS:
                if door.method == "GET" and "{" not in door.path and door.path not in ("/live", "/ofrep/v1/events"):
                    answer = client.get(door.path)
                    assert answer.status_code < 500 or door.path == "/health/readiness", door.path
                    seen += [answer.text, str(answer.headers)]
            seen += [
                daemon.troubles(),
                daemon.health(),
                dict(daemon.sender.dead),
                repr(daemon.links),
                repr(daemon.slack),
            ]
            seen.append((tmp_path / "data" / "state.db").read_bytes().find(TOKEN.encode()))
        finally:
            daemon.stop()
    out, err = capfd.readouterr()
    shown = json.dumps([str(one) for one in (*seen, logs, caplog.text, out, err)])
    assert "SMTP_URL" not in daemon.troubles()
    assert "channel broken" in str(seen)  # what is wrong is said
    assert "LOST_FILE" in str(daemon.troubles()["people ada/lost"])
    assert "nowhere" not in shown
    assert seen[-1] == -1
    assert TOKEN not in shown
    assert Path("/proc/self/cmdline").read_bytes().find(TOKEN.encode()) == -1


def told(daemon: Daemon) -> None:
    """
    A page through every channel, each of which fails.
    """
    body = {"at_ns": 1, "title": "Disk", "severity": None, "reason": "paged", "count": 1, "by": "root"}
    rows = [
        NoticeRow(subject=f"test/{name}", kind="test", channel=name, body=body, created_ns=1, due_ns=1, transition_id=1)
        for name in daemon.sender.channels
    ]
    ada = NoticeRow(
        subject="test/ada",
        kind="test",
        channel="phones",
        person="ada",
        address="phone",
        body=body,
        created_ns=1,
        due_ns=1,
    )
    with daemon.state.transaction() as tx:
        outbox.add(tx, [*rows, ada])

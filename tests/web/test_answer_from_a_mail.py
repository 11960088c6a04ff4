"""
Does a page travel the whole way: a real mail, its link, the button, and nobody is asked any more?
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from starlette.testclient import TestClient

from tests.act.mailboxes import a_mailbox
from tests.act.receivers import receiving
from watchkeeper.daemon import Daemon, Settings
from watchkeeper.store import outbox, pages
from watchkeeper.store.notices import NoticeRow
from watchkeeper.store.pages import PageRow
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors

ADDRESS = "http://127.0.0.1:8400"
MANUAL = """
watchkeeper: 1
manual: Shop
channels:
  mail: {kind: email, address_env: SMTP_URL, from: Watchkeeper <watch@shop.example>}
  phones: {kind: ntfy, address_env: NTFY_URL}
people:
  ada:
    name: Ada Lovelace
    email: ada@shop.example
    contacts: {mail: {channel: mail}, phone: {channel: phones, to_env: ADA_TOPIC}}
"""


def a_daemon(folder: Path, environ: dict[str, str]) -> Daemon:
    (folder / "shop.yaml").write_text(MANUAL)
    return Daemon(
        Settings(
            manual=folder / "shop.yaml", data=folder / "data", address=ADDRESS, environ=environ, allow_private=True
        )
    )


def page_ada(daemon: Daemon, channel: str, method: str) -> int:
    """
    A page that asks Ada this way, as the escalation writes it.
    """
    now_ns = daemon.clock.now_ns()
    page = PageRow(key="k", title="Disk", policy="", state="open", opened_ns=now_ns, reason="first", revision=1)
    with daemon.state.transaction() as tx:
        (number,) = pages.add(tx, [page])
        body = {
            "at_ns": now_ns,
            "page": number,
            "title": "Disk is full",
            "severity": None,
            "step": 0,
            "round": 0,
            "reason": "paged",
            "count": 1,
            "alerts": ["disk"],
            "notice": None,
            "incident": None,
            "policy": "",
        }
        row = NoticeRow(
            subject=f"page/{number}",
            kind="page",
            person="ada",
            channel=channel,
            address=method,
            body=body,
            created_ns=now_ns,
            due_ns=now_ns,
            transition_id=number,
        )
        outbox.add(tx, [row])
    return number


def state_of(daemon: Daemon, number: int) -> tuple[str, str | None]:
    with daemon.state.reading() as view:
        row = pages.by_id(view, number)
    assert row is not None
    return row.state, row.by


def door(daemon: Daemon) -> TestClient:
    return TestClient(create_app(daemon.watch, Doors(address=ADDRESS, links=daemon.links)), base_url=ADDRESS)


def test_a_mail_is_answered_by_its_link_without_signing_in(tmp_path):
    with a_mailbox() as box:
        daemon = a_daemon(
            tmp_path, {"SMTP_URL": f"smtp://127.0.0.1:{box.port}?tls=none", "NTFY_URL": "http://127.0.0.1:1"}
        )
        try:
            number = page_ada(daemon, "mail", "mail")
            daemon.sender.send_due()
            (got,) = box.got
            assert got.to == ["ada@shop.example"]
            assert got.mail["Subject"] == "Disk is full"
            found = re.search(r"^Acknowledge: http://127\.0\.0\.1:8400(/answer/\S+)", got.part("plain"), re.MULTILINE)
            assert found is not None
            assert found[1] in got.part("html")

            client = door(daemon)
            for _ in range(3):  # a scanner opens it, a preview, and Ada
                assert client.get(found[1]).status_code == 200
            assert state_of(daemon, number) == ("open", None)
            assert client.post(found[1], headers={"origin": ADDRESS}).status_code == 200
            assert state_of(daemon, number) == ("acknowledged", "ada")
        finally:
            daemon.stop()


def test_one_touch_in_ntfy_acknowledges_and_links_outlive_a_restart(tmp_path):
    with receiving() as server:
        environ = {"SMTP_URL": "smtp://127.0.0.1:1", "NTFY_URL": server.url(""), "ADA_TOPIC": "ada-7f3a"}
        daemon = a_daemon(tmp_path, environ)
        number = page_ada(daemon, "phones", "phone")
        daemon.sender.send_due()
        daemon.stop()
        body = msgspec.json.decode(server.got[0].body)
        assert body["topic"] == "ada-7f3a"
        (touch,) = [one for one in body["actions"] if one["action"] == "http"]

        daemon = a_daemon(tmp_path, environ)
        try:
            path = touch["url"].removeprefix(ADDRESS)
            answer = door(daemon).request(touch["method"], path, content=touch["body"], headers=touch["headers"])
            assert answer.status_code == 200
            assert state_of(daemon, number) == ("acknowledged", "ada")
        finally:
            daemon.stop()


def test_whose_address_is_not_set_is_known_before_the_page(tmp_path):
    daemon = a_daemon(tmp_path, {"SMTP_URL": "smtp://127.0.0.1:1", "NTFY_URL": "http://127.0.0.1:1"})
    try:
        assert "ADA_TOPIC is not set" in daemon.troubles()["people ada/phone"]
        assert "ada/phone" in daemon.watch.standing.dead()
    finally:
        daemon.stop()

"""What people, senders and addresses write is shown as they wrote it, and never runs."""

import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from tests.web.house import ADDRESS, House, calm, storm
from tests.web.signing import account

HTML = {"accept": "text/html"}
EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</textarea></title><svg/onload=alert(1)>",
    "\u202ealert<!--",
]


class Seen(HTMLParser):
    """What of a page would run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[str] = []
        self._script = False

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag in ("iframe", "object", "embed", "base") or (tag == "script" and "src" not in given):
            self.runs.append(tag)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.runs.append(str(given))
        self.runs += [name for name in given if name.startswith("on")]
        for name in ("href", "src", "action", "formaction", "xlink:href", "hx-get", "hx-post"):
            address = re.sub(r"[\x00-\x20]", "", given.get(name) or "").lower()
            if address.startswith(("javascript:", "data:text", "vbscript:")):
                self.runs.append(address)


def runs(text: str) -> list[str]:
    seen = Seen()
    seen.feed(text)
    return seen.runs


@pytest.fixture
def stormy(house: House) -> House:
    calm(house, minutes=3)
    storm(house)
    return house


@pytest.mark.parametrize("evil", EVIL)
def test_what_people_write_does_not_run(stormy: House, evil: str):
    with stormy.client() as client:
        client.post("/incidents/1/notes", data={"text": evil}, headers={"origin": ADDRESS})
        now = stormy.clock.now()
        wish = {"begins": now.isoformat(), "ends": now.isoformat(), "reason": evil}
        client.post("/api/v1/exclusions", json=wish)
        client.post("/exclusions", data={"begins": evil, "ends": evil, "reason": evil}, headers={"origin": ADDRESS})
        client.post("/tokens", data={"name": evil, "scope-read": "on", "lasts": "30d"}, headers={"origin": ADDRESS})
        account(stormy.watch, evil, role="viewer", person=evil)
        for path in ("/", "/incidents", "/incidents/1", "/exclusions", "/tokens", "/accounts", "/audit", "/account"):
            text = client.get(path, headers=HTML).text
            assert runs(text) == [], path
        assert "&lt;script" in client.get("/incidents/1").text or "<script>" not in evil


@pytest.mark.parametrize("evil", EVIL)
def test_what_stands_in_an_address_does_not_run(stormy: House, evil: str):
    with stormy.client() as client:
        for path in ("/find", "/sign-in", "/set-up", "/audit", "/nothing"):
            for name in ("q", "next", "token", "who", "outcome", "before"):
                assert runs(client.get(path, params={name: evil}, headers=HTML).text) == [], (path, name)
        for path in ("/objectives/", "/alerts/", "/runbooks/", "/", "/accounts/"):
            assert runs(client.get(path + quote(evil, safe=""), headers=HTML).text) == [], path


@pytest.mark.parametrize("evil", EVIL)
def test_what_a_stranger_sends_does_not_run_where_an_admin_reads_it(stormy: House, evil: str):
    with stormy.stranger() as stranger:
        form = {"name": evil, "password": evil, "next": evil, "token": evil, "again": evil}
        assert runs(stranger.post("/sign-in", data=form, headers={"origin": ADDRESS}).text) == []
        assert runs(stranger.post("/set-up", data=form, headers={"origin": ADDRESS}).text) == []
        stranger.post("/nothing", headers={"authorization": "Bearer x", "origin": ADDRESS})
    with stormy.client() as client:
        text = client.get("/audit", headers=HTML).text
    assert runs(text) == []
    assert "session.begin" in text


@pytest.mark.parametrize("evil", EVIL)
def test_what_a_sender_measures_does_not_run(house: House, evil: str):
    calm(house, minutes=3)
    columns = {"name": "parse_playlist", "kind": "internal", "platform": evil, "outcome": "failed"}
    for _ in range(6):
        house.clock.move(minutes=1)
        house.deliver(house.batch(20, columns))
        house.turn()
    with house.client() as client:
        for path in ("/", "/alerts", "/objectives/parse-success", "/incidents"):
            assert runs(client.get(path, headers=HTML).text) == [], path
        key = next(str(one.memory.key) for one in house.watch.alerts() if evil in str(one.memory.key))
        assert runs(client.get("/alerts/" + key.replace("%", "%25").replace("#", "%23"), headers=HTML).text) == []


def test_no_page_needs_a_script_of_its_own_and_none_may_be_framed(stormy: House):
    with stormy.client() as client:
        for path in ("/", "/sign-in", "/account", "/tokens", "/audit", "/accounts"):
            answer = client.get(path, headers=HTML)
            policy = answer.headers["content-security-policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert " style=" not in answer.text


def test_a_sign_that_the_test_sees_what_runs():
    assert runs("<script>alert(1)</script>") == ["script", "{}"]
    assert runs('<img src=x onerror="x"><a href=" java\nscript:x">') == ["onerror", "javascript:x"]


def test_a_secret_is_shown_once_and_stands_nowhere_else(house: House):
    with house.client() as client:
        made = client.post("/tokens", data={"name": "x", "scope-read": "on"}, headers={"origin": ADDRESS}).text
        [secret] = set(re.findall(r"wk_[\w-]{43}", made))
        assert made.count(secret) >= 1
        for path in ("/tokens", "/audit", "/account", "/api/v1/tokens", "/api/v1/audit", "/metrics"):
            assert secret not in client.get(path, headers=HTML).text
    with house.state.reading() as view:
        for table in ("tokens", "audit", "sessions", "accounts"):
            assert secret not in str(view.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: S608  our own names

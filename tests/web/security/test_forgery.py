"""A change that another site had a browser make does nothing, whatever the browser carries (CSRF)."""

import re

import pytest

from tests.web.house import ADDRESS, House, calm, storm
from tests.web.signing import signed_in, token_of

FORM = {"content-type": "application/x-www-form-urlencoded", "origin": ADDRESS}


@pytest.fixture
def client(house: House):
    """Signed in, and without the header that our other tests send: only what a form holds counts."""
    calm(house, minutes=3)
    storm(house)
    with house.client() as opened:
        opened.follow_redirects = False
        del opened.headers["x-csrf-token"]
        yield opened


def carried(client, path: str = "/incidents/1") -> str:
    found: list[str] = re.findall(r'name="csrf" value="([^"]+)"', client.get(path).text)
    return found[0]


def closed(house: House) -> bool:
    return house.watch.incident(1).incident.closed_ns is not None


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        ("", {}),
        ("csrf=", {}),
        ("csrf=guessed", {}),
        ("csrf=guessed", {"accept": "text/html"}),
        ("", {"x-csrf-token": "guessed"}),
        ("csrf=%ff", {}),
        ('{"csrf": "guessed"}', {"content-type": "application/json"}),
        ("", {"content-type": "multipart/form-data; boundary=x"}),
        ("", {"content-type": "text/plain", "sec-fetch-site": "same-origin"}),
    ],
)
def test_a_change_without_what_our_page_carries_does_nothing(house, client, content: str, headers: dict[str, str]):
    answer = client.post("/incidents/1/close", content=content, headers={**FORM, **headers})
    assert answer.status_code == 403
    assert not closed(house)
    json = client.post("/api/v1/incidents/1/close", json={})
    assert (json.status_code, closed(house)) == (403, False)


def test_what_our_page_carries_lets_the_change_through_in_the_form_or_beside_it(house, client):
    csrf = carried(client)
    assert client.post("/incidents/1/close", content=f"csrf={csrf}", headers=FORM).status_code == 303
    assert closed(house)
    assert client.post("/api/v1/incidents/1/reopen", json={}, headers={"x-csrf-token": csrf}).status_code == 200
    assert not closed(house)


def test_what_another_persons_page_carries_is_worth_nothing(house, client):
    with house.stranger() as eve:
        signed_in(eve, house.watch, "eve", role="responder")
        theirs = carried(eve)
    assert client.post("/incidents/1/close", content=f"csrf={theirs}", headers=FORM).status_code == 403
    assert not closed(house)


def test_a_token_carries_nothing_for_no_browser_sends_it_by_itself(house):
    with house.stranger() as program:
        program.headers["authorization"] = f"Bearer {token_of(house.watch, 'manage')}"
        assert program.post("/api/v1/reload", json={}).status_code == 200


def test_a_bad_token_is_not_made_good_by_a_cookie(house, client):
    csrf = carried(client)
    headers = {"authorization": "Bearer wk_nonsense", "x-csrf-token": csrf}
    assert client.post("/api/v1/incidents/1/close", json={}, headers=headers).status_code == 401
    assert not closed(house)


def test_a_form_that_is_too_long_is_refused_before_it_is_read(house, client):
    answer = client.post("/incidents/1/close", content="a=" + "x" * 70_000, headers=FORM)
    assert answer.status_code == 413
    assert not closed(house)


def test_every_form_of_every_page_that_changes_something_carries_it(client):
    pages = ["/", "/incidents/1", "/exclusions", "/account", "/accounts", "/tokens", "/audit", "/on-call", "/policies",
             "/people", "/pages", "/silences", "/alerts", "/alerts/parse-success%5Bplatform%3Dspotify%5D"]  # fmt: skip
    found = 0
    for path in pages:
        text = client.get(path, headers={"accept": "text/html"}).text
        for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
            if 'method="post"' in form:
                found += 1
                assert re.search(r'name="csrf" value="[^"]{20,}"', form), (path, form[:200])
    assert found > 8


def test_changes_are_refused_by_get_and_a_get_changes_nothing(client):
    for path in ("/incidents/1/close", "/sign-out", "/account/elsewhere", "/tokens/1/revoke"):
        assert client.get(path).status_code in (404, 405), path
    assert client.get("/account").status_code == 200

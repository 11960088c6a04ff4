"""Paging in a real Chromium: acknowledged with two taps on a phone, by a key, without a script; every page fits."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from tests.web.crew import paged_for, shop
from tests.web.house import House
from tests.web.signing import account
from tests.web.test_browser import CONTRAST, LOOKS, PATIENCE_MS, browser  # noqa: F401  # a fixture
from watchkeeper.act.accounts import sessions
from watchkeeper.act.links import Action, Links
from watchkeeper.store import overrides, pages
from watchkeeper.store.overrides import OverrideRow
from watchkeeper.web.app import create_app
from watchkeeper.web.cookies import cookie_name
from watchkeeper.web.doors import Doors

PATHS = ("/", "/pages", "/pages/1", "/on-call", "/on-call?week=1", "/policies", "/people", "/silences")
HOUR = 3600 * 10**9
THUMB = 40  # px: what a thumb hits

#: The contrast of each name of a bar with the tint below it, by WCAG 2.2.
BAR_CONTRAST = """
() => [...document.querySelectorAll(".bar")].map((bar) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channel = (value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const light = (selector) => {
    canvas.fillStyle = getComputedStyle(bar.querySelector(selector)).fill;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(channel);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [light("text"), light("rect")].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
})
"""


class Shop:
    """A shop with people over real HTTP, to whom a page is opened again before each test."""

    def __init__(self, folder: Path) -> None:
        self.house: House = shop(folder)
        config = uvicorn.Config(
            "", port=0, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1
        )
        self.bound = config.bind_socket()
        self.address = f"http://127.0.0.1:{self.bound.getsockname()[1]}"
        self.links = Links(b"k" * 32, self.address)
        config.loaded_app = config.app = create_app(self.house.watch, Doors(address=self.address, links=self.links))
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.bound]})
        self.thread.start()

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=10)
        self.bound.close()
        self.house.close()

    def cookie(self) -> dict[str, str]:
        """Of Ada, who is on call."""
        account_id = account(self.house.watch, "ada", person="ada")
        with self.house.state.transaction() as tx:
            begun = sessions.begin(tx, account_id, agent="a test", now_ns=self.house.clock.now_ns())
        self.house.watch.accounts.keys.changed()
        return {"name": cookie_name(Doors(address=self.address)), "value": begun.cookie, "url": self.address}

    def row(self, number: int) -> pages.PageRow:
        with self.house.state.reading() as view:
            found = pages.by_id(view, number)
        assert found is not None
        return found

    def over(self) -> None:
        """Every page that stands is over."""
        with self.house.state.transaction() as tx:
            for row in pages.standing(tx):
                pages.change(tx, row.id, state="ended", ended_ns=self.house.clock.now_ns(), due_ns=None)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    built = Shop(tmp_path_factory.mktemp("paging"))
    now_ns = built.house.clock.now_ns()
    row = OverrideRow(
        schedule="primary", begin_ns=now_ns + 5 * HOUR, end_ns=now_ns + 30 * HOUR, person="bo", author="ada",
        reason="dentist", created_ns=now_ns,
    )  # fmt: skip
    with built.house.state.transaction() as tx:
        overrides.add(tx, row)
    yield built
    built.close()


@pytest.fixture
def number(served: Shop) -> int:
    served.over()
    return paged_for(served.house)


@pytest.fixture
def opened(browser, served: Shop) -> Iterator[Callable[..., Page]]:  # noqa: F811  # the fixture
    """Opens a page in some look, signed in or not; fails its test when the browser has anything to complain about."""
    contexts, complaints = [], []

    def one(look: str = "light", *, signed: bool = True, **more: object) -> Page:
        context = browser.new_context(**LOOKS[look], **more)
        context.set_default_timeout(PATIENCE_MS)
        if signed:
            context.add_cookies([served.cookie()])
        contexts.append(context)
        page: Page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield one
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_link_in_a_message_acknowledges_with_two_taps_and_nobody_signs_in(opened, served, number):
    page = opened("phone", signed=False)
    ends_ns = served.house.clock.now_ns() + HOUR
    page.goto(served.links.make(Action.ACKNOWLEDGE, number, "ada", ends_ns))  # the first tap, in the message
    button = page.get_by_role("button", name="Acknowledge")
    expect(button).to_be_in_viewport()
    assert button.bounding_box()["height"] >= THUMB
    assert served.row(number).state == "open", "to look is not to acknowledge"
    button.tap()  # the second
    expect(page.get_by_role("heading", level=1)).to_have_text("Acknowledged: it is yours, nobody else is asked")
    assert (served.row(number).state, served.row(number).by) == ("acknowledged", "ada")


def test_the_first_page_on_a_phone_acknowledges_with_one_tap_without_a_reload(opened, served, number):
    page = opened("phone")
    page.goto(served.address + "/")
    expect(page.locator("[data-live]")).to_have_text("live")
    page.evaluate("window.stayed = true")
    button = page.get_by_role("button", name="Acknowledge")
    expect(button).to_be_in_viewport()
    assert button.bounding_box()["height"] >= THUMB
    button.tap()
    expect(page.locator(".hand")).to_contain_text("Ada has it")
    assert served.row(number).by == "ada"
    assert page.evaluate("window.stayed") is True
    assert page.url == served.address + "/"


def test_a_page_of_its_own_acknowledges_with_one_tap(opened, served, number):
    page = opened("phone")
    page.goto(f"{served.address}/pages/{number}")
    page.get_by_role("button", name="Acknowledge").tap()
    expect(page.get_by_role("button", name="Give it back")).to_be_visible()
    assert served.row(number).state == "acknowledged"


def test_it_is_acknowledged_without_a_script(opened, served, number):
    page = opened("phone", java_script_enabled=False)
    page.goto(served.address + "/")
    page.get_by_role("button", name="Acknowledge").tap()
    expect(page.locator(".hand")).to_contain_text("Ada has it")
    assert served.row(number).state == "acknowledged"


def test_keys_go_from_hand_to_hand_acknowledge_and_lead_to_who_is_on_call(opened, served, number):
    second = paged_for(served.house, "Another page")
    page = opened()
    page.goto(served.address + "/")
    expect(page.locator(".hand")).to_have_count(2)
    titles = page.locator(".hand h2 a")
    page.keyboard.press("j")
    expect(titles.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(titles.nth(1)).to_be_focused()
    named = titles.nth(1).inner_text()
    page.keyboard.press("a")
    expect(page.locator(".hand", has_text=named)).to_contain_text("Ada has it")
    states = {served.row(one).title: served.row(one).state for one in (number, second)}
    assert states.pop(named) == "acknowledged"
    assert list(states.values()) == ["open"], "only the one in hand"
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(served.address + "/on-call")


def test_the_help_names_every_key_and_while_it_is_open_no_key_does_anything(opened, served, number):
    page = opened()
    page.goto(served.address + "/")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    for says in ("acknowledge it, or the first that waits", "Escalation", "Silences", "People"):
        expect(page.locator("[data-help]")).to_contain_text(says)
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Keys")).to_be_hidden()
    assert served.row(number).state == "open"


def test_a_key_in_a_field_is_only_a_letter(opened, served, number):
    page = opened()
    page.goto(f"{served.address}/pages/{number}")
    page.get_by_label("Why it is over").press_sequentially("a banana")
    expect(page.get_by_label("Why it is over")).to_have_value("a banana")
    assert served.row(number).state == "open"


def test_what_somebody_writes_into_a_form_stays_when_something_changes(opened, served, number):
    page = opened()
    page.goto(f"{served.address}/pages/{number}")
    expect(page.locator("[data-live]")).to_have_text("live")
    page.get_by_label("Why it is over").fill("false al")
    with served.house.state.transaction() as tx:
        pages.change(tx, number, step=2)
    served.house.spans(3, {"name": "x"})
    expect(page.locator(".rungs .next")).to_contain_text("+15")
    expect(page.get_by_label("Why it is over")).to_have_value("false al")


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_fits_and_its_text_stands_out(opened, served, number, look):
    page = opened(look)
    for path in (*PATHS, f"/pages/{number}"):
        page.goto(served.address + path)
        expect(page.locator("h1")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{path} can be scrolled sideways by {wide} px"
        assert page.evaluate(CONTRAST) == [], path


@pytest.mark.parametrize("look", ["light", "dark"])
def test_names_on_bars_stand_out_from_their_tints(opened, served, look):
    page = opened(look)
    page.goto(served.address + "/on-call")
    ratios = page.evaluate(BAR_CONTRAST)
    assert len(ratios) > 5
    assert min(ratios) >= 4.5

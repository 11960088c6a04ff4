"""Every page in a real Chromium: light, dark and on a phone, without a script, while things change."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.web.house import House, calm, jamfind, storm
from watchkeeper.web.app import create_app
from watchkeeper.web.doors import Doors
from watchkeeper.web.render import STATIC

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 30_000  # a busy machine is slow, which is no fault of a page
PATHS = (
    "/",
    "/objectives/parse-success",
    "/objectives/parse-time",
    "/alerts",
    "/alerts/parse-success%5Bplatform%3Dspotify%5D",
    "/alerts/unreachable",
    "/incidents",
    "/incidents/1",
    "/manual",
    "/runbooks",
    "/runbooks/vendor-429-storm",
    "/find?q=parse",
    "/nothing-here",
)
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1240, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1240, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}

if not CHROMIUM.exists():
    pytest.skip("no Chromium at /usr/bin/chromium: pages were not opened in a browser", allow_module_level=True)
if not (STATIC / "vendor" / "htmx.min.js").exists():
    pytest.skip("static/vendor is empty: build the package first (make env)", allow_module_level=True)

from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402  # only where a browser is

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Served:
    """A stormy JamFind over real HTTP."""

    house: House
    address: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    house = House.of(jamfind(), tmp_path_factory.mktemp("browser") / "log.db")
    house.intake.start()
    calm(house, minutes=15)
    storm(house, minutes=5)
    config = uvicorn.Config("", port=0, log_level="critical", ws="none", lifespan="off", timeout_graceful_shutdown=1)
    bound = config.bind_socket()
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    config.loaded_app = config.app = create_app(house.watch, Doors(address=address, demo="ada"))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    yield Served(house=house, address=address)
    server.should_exit = True
    thread.join(timeout=10)
    bound.close()
    house.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that fails its test when the browser has anything to complain about."""
    context = browser.new_context(**{**LOOKS["light"], **getattr(request, "param", {})})
    context.set_default_timeout(PATIENCE_MS)
    opened, complaints = context.new_page(), []
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    asked_for = ("404 (Not Found)", "422 (Unprocessable Entity)")  # what a test asks for and is refused
    assert [text for text in complaints if not any(one in text for one in asked_for)] == []


@pytest.mark.parametrize("page", LOOKS.values(), ids=LOOKS, indirect=True)
def test_every_page_opens_without_a_complaint_and_fits(page, served):
    for path in PATHS:
        page.goto(served.address + path)
        expect(page.locator("h1")).to_be_visible()
        expect(page.locator("[data-live]").first).to_have_text("live")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{path} can be scrolled sideways by {wide} px"
        page.evaluate("document.querySelectorAll('main details').forEach((fold) => { fold.open = true; })")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{path} with all its folds open can be scrolled sideways by {wide} px"


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], ids=["no-script"], indirect=True)
def test_pages_can_be_read_without_a_script(page, served):
    page.goto(served.address + "/")
    expect(page.locator("h1")).to_contain_text("1 alert is firing")
    page.get_by_role("link", name="Parse success", exact=True).click()
    expect(page.locator("figure .still svg")).to_be_visible()
    page.goto(served.address + "/incidents/1")
    page.get_by_label("What did you see").fill("read without a script")
    page.get_by_role("button", name="Add a note").click()
    expect(page.locator(".timeline")).to_contain_text("read without a script")


def test_a_change_arrives_without_a_reload(page, served):
    page.goto(served.address + "/")
    expect(page.locator("[data-live]")).to_have_text("live")
    page.evaluate("window.stayed = true")
    before = page.locator(".say p").inner_text()
    served.house.spans(77, {"name": "GET /", "kind": "server", "status": 200})
    expect(page.locator(".say p")).not_to_have_text(before)
    assert page.evaluate("window.stayed") is True


def test_a_page_listens_however_late_its_scripts_come(page, served):
    page.route("**/hx-sse.min.js*", lambda route: (page.wait_for_timeout(700), route.continue_()))
    page.goto(served.address + "/incidents/1")
    expect(page.locator("[data-live]")).to_have_text("live")


def test_what_was_taken_folds_up_and_what_was_refused_is_said_in_sight(page, served):
    page.goto(served.address + "/incidents/1")
    page.get_by_text("Change the severity").click()
    fold = page.locator("details", has_text="Change the severity")
    fold.get_by_label("It is").select_option("P1")
    fold.get_by_label("Because").fill("all platforms soon")
    fold.get_by_role("button").click()
    expect(page.locator(".whose")).to_contain_text("P1")
    expect(fold).not_to_have_attribute("open", "")
    expect(fold.locator("input[name=reason]")).to_have_value("")
    page.get_by_text("Say what is known").click()
    page.get_by_label("What is known").fill("One platform limits us")
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("p.summary")).to_have_text("One platform limits us")
    page.get_by_text("Say what is known").click()
    expect(page.get_by_label("What is known")).to_have_value("One platform limits us")
    page.get_by_text("Take alerts away").click()
    page.get_by_role("button", name="Make it an incident").click()
    expect(page.get_by_role("alert")).to_be_in_viewport()
    assert page.locator("details", has_text="Take alerts away").get_attribute("open") is not None


def test_what_somebody_is_writing_survives_a_change(page, served):
    page.goto(served.address + "/incidents/1")
    expect(page.locator("[data-live]")).to_have_text("live")  # what changes before it listens is in the next change
    note = page.get_by_label("What did you see")
    note.fill("half a sent")
    before = page.locator(".say p").last.inner_text()
    served.house.clock.move(seconds=61)  # however long it was open, it now is longer
    served.house.spans(5, {"name": "GET /", "kind": "server", "status": 200})
    expect(page.locator(".say p").last).not_to_have_text(before)
    expect(note).to_have_value("half a sent")


@pytest.mark.parametrize("page", [{"viewport": {"width": 390, "height": 844}}], ids=["phone"], indirect=True)
def test_on_a_phone_the_one_action_of_an_incident_stays_under_the_thumb(page, served):
    page.goto(served.address + "/incidents/1")
    expect(page.locator("[data-live]")).to_have_text("live")
    action = page.locator(".primary button.go")
    before, said = action.bounding_box(), page.locator(".say p").last.inner_text()
    served.house.watch.desk.summarise(1, "what is known\n" * 8, by="ada")  # it pushes all that follows down
    served.house.clock.move(seconds=61)
    served.house.spans(3, {"name": "GET /", "kind": "server", "status": 200})
    expect(page.locator(".say p").last).not_to_have_text(said)
    expect(page.locator(".known .summary")).to_be_visible()
    assert action.bounding_box() == before
    assert before is not None
    assert before["y"] + before["height"] <= 844


def test_an_incident_is_closed_and_the_closing_undone_in_place(page, served):
    page.goto(served.address + "/incidents/1")
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("button", name="Undo: open it again")).to_be_visible()
    page.get_by_role("button", name="Undo: open it again").click()
    expect(page.get_by_role("button", name="Close it")).to_be_visible()
    assert page.evaluate("window.stayed") is True


def test_a_note_bears_the_name_of_who_is_signed_in_and_the_field_is_empty_again(page, served):
    page.goto(served.address + "/incidents/1")
    page.get_by_label("What did you see").fill("looked at the vendor's page")
    page.get_by_role("button", name="Add a note").click()
    note = page.locator(".timeline li", has_text="looked at the vendor's page").first
    expect(note).to_contain_text("ada", ignore_case=True)
    expect(page.get_by_label("What did you see")).to_have_value("")


def test_keys_lead_everywhere(page, served):
    page.goto(served.address + "/alerts")
    page.keyboard.press("/")
    expect(page.get_by_label("Find an objective, an alert, a runbook").first).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url(served.address + "/")


def test_the_chart_of_a_budget_is_drawn(page, served):
    page.goto(served.address + "/objectives/parse-success")
    expect(page.locator("figure .uplot canvas")).to_be_visible()
    expect(page.locator("figure .still")).to_be_hidden()
    assert page.locator("figure .uplot").bounding_box()["height"] == 220, "nothing but the chart takes room"


@pytest.mark.parametrize(("step", "ticks"), [(1, 9), (15, 12), (60, 12), (3600, 30), (6 * 3600, 12), (86_400, 30)])
def test_no_two_labels_of_the_time_axis_read_the_same(page, served, step, ticks):
    page.goto(served.address + "/objectives/parse-success")
    first = 1_795_132_800  # a midnight in UTC
    told = page.evaluate(
        "([at, step]) => clock(null, at, 0, 84, step)", [[first + i * step for i in range(ticks)], step]
    )
    assert len(told) == ticks
    assert all(one != after for one, after in zip(told, told[1:], strict=False))
    assert len(set(told)) == ticks or step in (3600, 6 * 3600)  # the hours of a day, again the next day, which is named


#: The least contrast of text by WCAG 2.2 AA: 4.5, or 3 for text from 24 px (18.66 px bold).
CONTRAST = """
() => {
  const channel = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest("svg, canvas, dialog, script, .sr, .skip")) continue;
    if (!element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(behind(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const ratio = (a + 0.05) / (b + 0.05);
    const name = `${element.className || element.tagName}: ${element.textContent.trim().slice(0, 30)}`;
    if (ratio < needed) poor.push(`${name} ${ratio.toFixed(2)}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("page", [LOOKS["light"], LOOKS["dark"]], ids=["light", "dark"], indirect=True)
def test_text_stands_out_from_what_is_behind_it(page, served):
    for path in PATHS:
        page.goto(served.address + path)
        assert page.evaluate(CONTRAST) == [], path

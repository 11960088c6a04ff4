"""
A page is read as it stands: its phases, steps and blocks, and every mistake in it at its place.
"""

from collections.abc import Sequence

import pytest

from watchkeeper.manual.load import Loaded, load_files
from watchkeeper.manual.mistakes import Mistakes
from watchkeeper.manual.model.running import CheckStep, SwitchStep, WaitStep, WatchStep
from watchkeeper.manual.runbooks.values import Bash, Block, Document, Http, Kind, Sql

MANUAL = """\
watchkeeper: 1
manual: Shop
base_url: https://shop.example
services: {shop: {}, till: {}}
sources: {database: {kind: postgresql}, graphs: {kind: prometheus}}
streams: {orders: {spans: 'true'}}
indicators: {orders: {from: orders, bad: 'status >= 500', by: [region]}}
alerts:
  orders: {indicator: orders, when: "> 5% over 5m"}
  released: {on: release}
switches:
  rate: {kind: percentage, default: 100%}
  closed: {kind: boolean, default: false}
"""
HEAD = """\
---
title: Storm
parameters:
  region: {values: [eu, us], label: region}
  pace: {kind: whole number, most: 9}
---
"""


def read(page: str, head: str = HEAD) -> Loaded | Mistakes:
    return load_files({"manual.yaml": MANUAL, "runbooks/storm.md": head + page})


def document(page: str, head: str = HEAD) -> Document:
    loaded = read(page, head)
    assert isinstance(loaded, Loaded), f"\n{loaded}"
    return loaded.documents["storm"]


def block(opening: str, *lines: str) -> Block:
    [one] = document(step(opening, *lines)).blocks
    return one


def step(opening: str, *lines: str) -> str:
    body = "".join(f"   {line}\n" if line else "\n" for line in lines)
    return f"1. Do it\n\n   ```{opening}\n{body}   ```\n"


def told(page: str, head: str = HEAD) -> Sequence[str]:
    found = read(page, head)
    assert isinstance(found, Mistakes), "it loaded"
    return [str(each).removeprefix("runbooks/storm.md:") for each in found]


def test_a_page_is_the_entry_of_the_manual_that_has_its_name() -> None:
    page = "# Storm\n\n## How one knows\n\n- It *rains*\n\n## Act\n\n1. Look `up`\n   - left\n   - right\n2. Go in\n"
    loaded = read(page, head="---\nowner: us\ntriggers: orders\nservice: shop\n---\n")
    assert isinstance(loaded, Loaded), f"\n{loaded}"
    book = loaded.manual.runbooks["storm"]

    assert (book.title, book.owner, book.service, book.triggers) == ("Storm", "us", "shop", ("orders",))
    assert book.symptoms == ("It rains",)
    [phase] = book.phases
    assert (phase.name, [one.do for one in phase.steps]) == ("Act", ["Look up", "Go in"])
    assert phase.steps[0].details == ("left", "right")
    assert book.file == "runbooks/storm.md"


def test_steps_above_all_headings_belong_to_no_phase() -> None:
    phases = document("1. Look\n\n## Then\n\n1. Go\n").phases

    assert [(phase.name, [one.text for one in phase.steps]) for phase in phases] == [("", ["Look"]), ("Then", ["Go"])]


def test_a_block_without_attributes_is_for_the_reader_and_runs_nothing() -> None:
    [phase] = document("1. Look\n\n   ```bash\n   rm -rf /\n   ```\n").phases

    assert phase.steps[0].blocks == ()
    assert phase.steps[0].shown == ("rm -rf /",)


def test_the_phase_that_only_goes_back_is_marked() -> None:
    head = "---\ntitle: Storm\nrollback: Back\n---\n"
    phases = document("## On\n\n1. Go\n\n## Back\n\n1. Return\n", head).phases

    assert [phase.rollback for phase in phases] == [False, True]


@pytest.mark.parametrize(
    ("opening", "lines", "kind", "action"),
    [
        ("bash {run=a}", ('echo "$region"', "true"), Kind.BASH, Bash(script='echo "$region"\ntrue\n')),
        (
            "bash {run=a, plain}",
            ("till restart '$region' --slow", "", "# so"),
            Kind.BASH,
            Bash(
                script="till restart '$region' --slow\n\n# so\n",
                commands=(("till", "restart", "$region", "--slow"),),
            ),
        ),
        (
            "sql {run=a, target=database}",
            ("SELECT 1; -- one;", "SELECT ';' FROM t WHERE r = :region;"),
            Kind.SQL,
            Sql(statements=("SELECT 1", "SELECT ';' FROM t WHERE r = :region")),
        ),
        (
            "http {run=a, expect=204}",
            ("POST https://shop.example/close?r=$region", "Accept: */*", "", '{"pace": "$pace"}'),
            Kind.HTTP,
            Http(
                method="POST",
                url="https://shop.example/close?r=$region",
                headers=(("Accept", "*/*"),),
                body='{"pace": "$pace"}',
                expect=(204,),
            ),
        ),
    ],
)
def test_what_blocks_of_text_run(opening: str, lines: tuple[str, ...], kind: Kind, action: object) -> None:
    found = block(opening, *lines)

    assert found.kind is kind
    assert found.action == action


def test_what_blocks_of_keys_run() -> None:
    switch = block("switch {run=a}", "switch: rate", "to: 50%", "where: {region: $region}", "for: 1h").action
    watch = block(
        "watch {run=a}", "alert: orders", 'when: "> 1% over 5m"', "where: {region: $region}", "for: 1h"
    ).action
    check = block("check {run=a}", "indicator: orders", 'when: "< 1% over 5m"', "within: 10m").action
    wait = block("wait {run=a}", "for: 5m").action

    assert isinstance(switch, SwitchStep)
    assert (switch.switch, switch.to, dict(switch.where), str(switch.for_)) == (
        "rate",
        ("50%",),
        {"region": "$region"},
        "1h",
    )
    assert isinstance(watch, WatchStep)
    assert (watch.alert, str(watch.for_)) == ("orders", "1h")
    assert isinstance(check, CheckStep)
    assert (check.indicator, str(check.within)) == ("orders", "10m")
    assert isinstance(wait, WaitStep)
    assert str(wait.for_) == "5m"


def test_a_block_says_how_it_runs() -> None:
    found = block(
        'bash {run="till-down", timeout=5m, needs=approval repeatable, target=till}', 'till down "$region" $pace'
    )

    assert (found.name, str(found.timeout), found.repeatable, found.target) == ("till-down", "5m", True, "till")
    assert found.approval == "the page asks for it"
    assert found.parameters == ("region", "pace")


def test_a_block_that_says_little_runs_a_minute_without_approval_and_never_twice() -> None:
    found = block("bash {run=a}", "true")

    assert (str(found.timeout), found.approval, found.repeatable, found.target) == ("1m", "", False, None)


def test_sql_that_does_more_than_read_needs_approval_whether_or_not_the_page_says_so() -> None:
    assert block("sql {run=a, target=database}", "SELECT pg_reload_conf()").approval == "it calls pg_reload_conf"


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        (
            "```bash {run=a}\ntrue\n```\n",
            "7:4: runbooks.storm.a: found a block that runs outside of the steps; wanted it inside a "
            "numbered step: indent it as far as the step's text, and keep it out of quotations",
        ),
        (
            "1. Do it\n\n   > ```bash {run=a}\n   > true\n   > ```\n",
            "9:9: runbooks.storm.a: found a block that runs outside of the steps; wanted it inside a "
            "numbered step: indent it as far as the step's text, and keep it out of quotations",
        ),
        (
            "1. Do it\n\n   ```bash {run=a}\n   true\n",
            "9:7: runbooks.storm.a: found a block without an end; wanted a line with the same signs that opened it",
        ),
        (
            step("bash {timeout=5m}", "true"),
            "9:7: runbooks.storm: found attributes without `run`; wanted `run=NAME`, which is what makes a block run",
        ),
        (
            step("bsh {run=a}", "true"),
            "9:7: runbooks.storm.a: found `bsh`; wanted one of bash, sql, http, switch, watch, check, "
            "wait; did you mean `bash`?, or no attributes",
        ),
        (
            step("bash {run=a, timout=5m}", "true"),
            "9:20: runbooks.storm: found `timout`; wanted one of run, needs, repeatable, timeout, "
            "target, plain, expect; did you mean `timeout`?",
        ),
        (
            step("bash {run=a, timeout=7h}", "true"),
            "9:20: runbooks.storm.a: found `timeout=7h`; wanted more than nothing and at most 6h",
        ),
        (
            step("bash {run=a, needs=aproval}", "true"),
            "9:20: runbooks.storm.a: found `needs=aproval`; wanted `needs=approval`",
        ),
        (
            step("bash {run=a, target=tilt}", "true"),
            "9:20: runbooks.storm.a.target: found `tilt`; wanted a name from `sources` or `services` "
            "or `dependencies`; did you mean `till`?",
        ),
        (
            step("wait {run=a, target=till}", "for: 5m"),
            "9:20: runbooks.storm.a: found `target` on a wait block; wanted it on bash, http, sql only",
        ),
        (
            step("bash {run=a, plain}", "till down | tee log"),
            "10:4: runbooks.storm.a: found `|`; wanted a program and its arguments; `plain` starts no shell",
        ),
        (
            step("sql {run=a}", "SELECT 1"),
            "9:7: runbooks.storm.a: found no `target`; wanted `target=NAME`: the source whose database is asked",
        ),
        (
            step("sql {run=a, target=graphs}", "SELECT 1"),
            "9:1: runbooks.storm.a.target: found `graphs`, which is prometheus; wanted a source of the "
            "kind postgresql or sqlite",
        ),
        (
            step("sql {run=a, target=database}", "SELECT 1", "WHERE r = :regoin"),
            "11:14: runbooks.storm.a: found `:regoin`; wanted a parameter of the page; did you mean `region`?",
        ),
        (
            step("http {run=a}", "FETCH https://shop.example/"),
            "10:4: runbooks.storm.a: found `FETCH https://shop.example/`; wanted a line such as `GET /health`: one "
            "of GET, HEAD, POST, PUT, PATCH, DELETE; did you mean `PATCH`?",
        ),
        (
            step("http {run=a}", "GET /health"),
            "10:4: runbooks.storm.a: found `/health`; wanted a whole address, or `target=NAME`: the "
            "service that has this path",
        ),
        (
            step("switch {run=a}", "switch: rat", "to: 50%"),
            "10:12: runbooks.storm.a.switch: found `rat`; wanted a name from `switches`; did you mean `rate`?",
        ),
        (
            step("switch {run=a}", "switch: rate", "to: 50%", "fro: 1h"),
            "12:4: runbooks.storm.a.fro: found a key that is not known; wanted one of the keys that "
            "belong here; did you mean `for`?",
        ),
        (
            step("switch {run=a}", "switch: rate", "to: half"),
            "9:1: runbooks.storm.a.to: found `half`; wanted a percentage such as `50%`: "
            "the switch is of the kind percentage",
        ),
        (
            step("switch {run=a}", "switch: rate", "to: 50%", "for: 8d"),
            "9:1: runbooks.storm.a.for: found `8d`; wanted at most 7d, the longest that the switch allows",
        ),
        (
            step("switch {run=a}", "switch: closed", "to: true", "ramp: 10% every 5m"),
            "9:1: runbooks.storm.a.ramp: found a ramp of a boolean; wanted a switch of the kind percentage or number",
        ),
        (
            step("watch {run=a}", "alert: orders", "when: > 1%", "for: 1h"),
            '11:10: runbooks.storm.a: found `> 1%`; wanted text that starts with `>` needs quotes round it: "> 1%"',
        ),
        (
            step("watch {run=a}", "alert: released", 'when: "> 1%"', "for: 1h"),
            "9:1: runbooks.storm.a.alert: found `released`, which looks at no numbers; wanted an alert "
            "with a condition",
        ),
        (
            step("check {run=a}", "indicator: orders", 'when: "< 1%"', "where: {regoin: eu}"),
            "9:1: runbooks.storm.a.where: found `regoin`; wanted one of region; did you mean `region`?",
        ),
        (
            step("check {run=a}", "indicator: orders", 'when: "< 1%"', "where: {region: $regoin}"),
            "10:4: runbooks.storm.a: found `$regoin`; wanted a parameter of the page; did you mean `region`?",
        ),
        (
            step("wait {run=a}", ""),
            "10:1: runbooks.storm.a: found no keys; wanted keys such as `for: ...`",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place_with_what_is_wanted(page: str, wanted: str) -> None:
    assert told(page) == [wanted]


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        (
            "---\ntitle: x\n",
            "1:1: runbooks.storm: found keys above the page without an end; wanted a second line `---` below them",
        ),
        (
            "---\ntitel: x\n---\n",
            "2:1: runbooks.storm.titel: found a key that is not known; wanted one of the keys that "
            "belong here; did you mean `title`?",
        ),
        (
            "---\ntriggers: ordres\n---\n",
            "2:11: runbooks.storm.triggers: found `ordres`; wanted a name from `alerts`; did you mean `orders`?",
        ),
        (
            "---\nsteps: [one]\n---\n",
            "2:1: runbooks.storm.steps: found `steps` above the page; wanted it on the page only",
        ),
        (
            "---\nrollback: Bakc\n---\n## Back\n\n1. Go\n\n## On\n\n",
            "2:11: runbooks.storm.rollback: found `Bakc`; wanted a heading of the page that has steps; "
            "did you mean `Back`?",
        ),
        (
            "---\nparameters: {Region: {}}\n---\n",
            "2:14: runbooks.storm.parameters.Region: found `Region`; wanted a name of lower-case "
            "letters, digits and `_`, such as `platform`",
        ),
        (
            "---\nparameters: {http_proxy: {}}\n---\n",
            "2:14: runbooks.storm.parameters.http_proxy: found `http_proxy`; wanted another name: "
            "programs read this one from the environment",
        ),
        (
            "---\nparameters: {pace: {kind: number}}\n---\n",
            "2:27: runbooks.storm.parameters.pace.kind: found `number`; wanted one of text, whole "
            "number, length, flag; did you mean `whole number`?",
        ),
        (
            "---\nparameters: {pace: {matches: '('}}\n---\n",
            "2:31: runbooks.storm.parameters.pace.matches: found `(`; wanted a pattern that RE2 reads",
        ),
        (
            "---\nparameters: {pace: {values: [a, b], default: c}}\n---\n",
            "2:46: runbooks.storm.parameters.pace.default: found `c`; wanted one of a, b",
        ),
    ],
)
def test_a_mistake_above_the_page_is_told_like_one_in_the_manual(head: str, wanted: str) -> None:
    page = "" if "On" in head else "1. Go\n"
    assert [each[: len(wanted)] for each in told(page, head)] == [wanted]


def test_all_mistakes_come_at_once() -> None:
    page = step("bash {run=a, timeout=x}", "true") + "\n" + step("switch {run=b}", "switch: rat", "to: 1%", "tu: 2")

    assert len(told(page)) == 3


def test_two_blocks_have_two_names() -> None:
    page = step("wait {run=a}", "for: 1m") + "\n" + step("wait {run=a}", "for: 1m")

    assert "found `run=a` a second time; wanted another name; the first stands in line 9" in told(page)[0]


def test_a_runbook_has_its_keys_in_one_place() -> None:
    files = {"manual.yaml": MANUAL + "runbooks: {storm: {owner: us}}\n", "runbooks/storm.md": HEAD + "1. Go\n"}

    found = load_files(files)
    assert isinstance(found, Mistakes), "it loaded"

    assert [str(each) for each in found] == [
        "manual.yaml:14:12: runbooks.storm: found its keys here and above its page; wanted them above the page "
        "runbooks/storm.md only"
    ]


def test_a_page_without_keys_may_have_them_in_the_manual() -> None:
    files = {"manual.yaml": MANUAL + "runbooks: {storm: {owner: us}}\n", "runbooks/storm.md": "# Storm\n\n1. Go\n"}
    loaded = load_files(files)
    assert isinstance(loaded, Loaded), f"\n{loaded}"
    book = loaded.manual.runbooks["storm"]

    assert (book.owner, book.title, [one.do for one in book.steps]) == ("us", "Storm", ["Go"])


def test_a_page_of_windows_reads_like_any_other() -> None:
    text = (HEAD + step("wait {run=a}", "for: 1m")).replace("\n", "\r\n")

    assert [one.name for one in document(text, head="\ufeff").blocks] == ["a"]

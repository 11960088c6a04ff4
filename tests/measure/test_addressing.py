"""
Does every check ask the address that the manual means, and say so where there is none?
"""

import pytest

from watchkeeper.manual.faster import faster
from watchkeeper.manual.load import Loaded, load_text
from watchkeeper.measure.addressing import Addressed, addressed


def found(text: str, **environ: str) -> Addressed:
    loaded = load_text(f"watchkeeper: 1\nmanual: Shop\n{text}")
    assert isinstance(loaded, Loaded), str(loaded)
    return addressed(loaded.manual, environ)


def asked(text: str, **environ: str) -> list[str]:
    addresses = found(text, **environ)
    assert addresses.missing == {}
    return [probe.url for probe in addresses.probes]


CHECK = "checks: {c: {http: /health, service: app, every: 1m}}\n"


@pytest.mark.parametrize(
    ("text", "environ", "url"),
    [
        ("checks: {c: {http: 'https://shop.example/health?a=1', every: 1m}}", {}, "https://shop.example/health?a=1"),
        (f"{CHECK}services: {{app: {{url: 'https://a.example/'}}}}", {}, "https://a.example/health"),
        (f"{CHECK}services: {{app: {{url: 'https://a.example/base'}}}}", {}, "https://a.example/base/health"),
        (f"{CHECK}services: {{app: {{url_env: APP}}}}", {"APP": " http://a.example:80 "}, "http://a.example:80/health"),
        (f"{CHECK}services: {{app: {{}}}}\nbase_url: 'https://b.example'", {}, "https://b.example/health"),
        (
            f"{CHECK}services: {{app: {{}}}}\nbase_url_env: BASE",
            {"BASE": "http://c.example"},
            "http://c.example/health",
        ),
        (
            f"{CHECK}services: {{app: {{url_env: APP}}}}\nbase_url: 'https://b.example'",
            {"APP": " "},
            "https://b.example/health",
        ),
        (
            "checks: {c: {http: '/go?to=https://x.example', every: 1m}}\nbase_url: 'https://b.example'",
            {},
            "https://b.example/go?to=https://x.example",
        ),
    ],
)
def test_an_address_is_whole_or_a_path_under_the_nearest_base(text: str, environ: dict[str, str], url: str) -> None:
    assert asked(text, **environ) == [url]


@pytest.mark.parametrize(
    ("text", "environ", "why"),
    [
        (f"{CHECK}services: {{app: {{}}}}", {}, "write `url` beside its service, or `base_url`"),
        (
            f"{CHECK}services: {{app: {{url_env: APP}}}}\nbase_url_env: BASE",
            {"BASE": ""},
            "set APP or BASE to the address of the product",
        ),
        (f"{CHECK}services: {{app: {{}}}}\nbase_url_env: BASE", {"BASE": "shop.example"}, "is neither whole"),
        ("checks: {c: {http: 'shop.example/health', every: 1m}}", {}, "is neither whole"),
        ("checks: {c: {http: 'ftp://u:s3cret@shop.example/', every: 1m}}", {}, "must begin with http:// or https://"),
        ("checks: {c: {http: 'http://shop.example:99999/s3cret', every: 1m}}", {}, "a port from 1 to 65535"),
    ],
)
def test_a_check_without_an_address_is_not_asked_and_says_why(text: str, environ: dict[str, str], why: str) -> None:
    addresses = found(text, **environ)

    assert addresses.probes == ()
    assert why in addresses.missing["c"]
    assert "s3cret" not in addresses.missing["c"]


def test_a_check_is_asked_from_each_of_its_regions_once_and_from_here_when_it_names_none() -> None:
    addresses = found(
        "base_url: 'https://a.example'\n"
        "checks: {c: {http: /, every: 1m, regions: [eu, us, eu]}, d: {http: /, every: 30s}, t: {tcp: 'x:1', every: 1m}}"
    )

    assert [(probe.check, probe.region) for probe in addresses.probes] == [("c", "eu"), ("c", "us"), ("d", "here")]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("every: 1m", 10),
        ("every: 5s", 5),
        ("every: 1s", 2),
        ("every: 1m, timeout: 20s", 20),
        ("every: 15s, timeout: 20s", 15),
        ("every: 1s, timeout: 20s", 2),
        ("every: 1s, timeout: 500ms", 0.5),
    ],
)
def test_an_ask_may_take_its_timeout_but_not_beyond_the_next_one_and_two_seconds(written: str, seconds: float) -> None:
    probe = found(f"checks: {{c: {{http: 'https://a.example', {written}}}}}").probes[0]

    assert probe.timeout.total_seconds() == seconds


@pytest.mark.parametrize("timeout", ["", ", timeout: 10s"])
def test_where_minutes_pass_as_seconds_an_ask_gives_up_sooner_too(timeout: str) -> None:
    loaded = load_text(
        f"watchkeeper: 1\nmanual: Shop\nchecks: {{c: {{http: 'https://a.example', every: 1m{timeout}}}}}"
    )
    assert isinstance(loaded, Loaded), str(loaded)
    probe = addressed(faster(loaded.manual, 60), {}).probes[0]

    assert (probe.every_ns, probe.timeout.total_seconds()) == (1_000_000_000, 2)

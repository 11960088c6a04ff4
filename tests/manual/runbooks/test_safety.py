"""
No value reaches a shell, SQL or a request as code, and an approval is of exactly what would run.
"""

import pytest

from tests.manual.runbooks.test_pages import HEAD, MANUAL, document, step, told
from watchkeeper.manual.load import Loaded, load_files
from watchkeeper.manual.model.running import Parameter
from watchkeeper.manual.model.unfit import Unfit
from watchkeeper.manual.runbooks.digest import digest
from watchkeeper.manual.runbooks.http import read_http
from watchkeeper.manual.runbooks.parameters import accepted, filled
from watchkeeper.manual.runbooks.shell import objections
from watchkeeper.manual.runbooks.sql import read_sql


@pytest.mark.parametrize(
    ("sql", "effects"),
    [
        ("SELECT count(*), max(a) FROM t WHERE b IN (1, 2)", ()),
        ("WITH old (a) AS (SELECT 1) SELECT * FROM old", ()),
        ("EXPLAIN SELECT 1", ()),
        ("SELECT 'DELETE FROM t; DROP TABLE t' AS said -- DELETE", ()),
        ("SELECT 1 /* pg_reload_conf() */", ()),
        ("SELECT a.count FROM a WHERE a.delete", ()),
        ("EXPLAIN ANALYZE SELECT 1", ("it says ANALYZE",)),
        ("DELETE FROM t", ("it says DELETE",)),
        ("SELECT 1; drop table t", ("it says DROP",)),
        ("WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone", ("it says DELETE",)),
        ("SELECT * INTO copy FROM t", ("it says INTO",)),
        ("SELECT * FROM t FOR UPDATE", ("it says UPDATE",)),
        ("SELECT pg_terminate_backend(1)", ("it calls pg_terminate_backend",)),
        ("SELECT PG_SLEEP (9)", ("it calls PG_SLEEP",)),
        ('SELECT "pg_sleep"(9)', ('it calls "pg_sleep"',)),
        ("SELECT mine.count(1)", ("it calls count",)),
        ("SELECT pg_sleep/**/(9)", ("it calls pg_sleep",)),
        ("SELECT $$a$$, setval('s', 1)", ("it calls setval",)),
        ("DO $$ BEGIN PERFORM 1; END $$", ("it says DO",)),
        ("COPY t TO PROGRAM 'sh'", ("it says COPY",)),
        ("ALTER SYSTEM SET log_statement = 'all'", ("it says ALTER",)),
        ("(SELECT 1)", ("it says (",)),
    ],
)
def test_whatever_is_not_known_to_only_read_is_an_effect(sql: str, effects: tuple[str, ...]) -> None:
    assert read_sql(sql).effects == effects


def test_a_cast_is_no_value_and_a_value_in_quotes_stays_text() -> None:
    binds = read_sql("SELECT a::date, E'\\':no', ':kept' FROM t WHERE b = :name").binds

    assert [(one.name, one.quoted) for one in binds] == [("no", True), ("kept", True), ("name", False)]


@pytest.mark.parametrize(
    ("opening", "line", "found"),
    [
        ("bash {run=a}", "till {{region}}", "`{{region}}`"),
        ("bash {run=a}", "till ${{ region }}", "`${{ region }}`"),
        ("bash {run=a}", "till {region}", "`{region}`"),
        ("bash {run=a}", "till <region>", "`<region>`"),
        ("bash {run=a}", "till %(region)s", "`%(region)s`"),
        ("bash {run=a}", "till [PREVIOUS_URL]", "`[PREVIOUS_URL]`"),
        ("sql {run=a, target=database}", "SELECT '{region}'", "`{region}`"),
        ("sql {run=a, target=database}", "SELECT ':region'", "`:region` inside quotes"),
        ("sql {run=a, target=database}", "SELECT '$region'", "`$region`"),
        ("http {run=a}", "GET https://shop.example/{region}", "`{region}`"),
        ("http {run=a}", "GET https://$region.example/", "`$region.example`"),
        ("http {run=a}", "GET https://shop.example:$pace/", "`shop.example:$pace`"),
        ("http {run=a}", "GET https://me:secret@shop.example/", "a name or password in the address"),
        ("http {run=a}", "GET //shop.example/", "`//shop.example/`"),
        ("http {run=a}", "GET file:///etc/passwd", "`file:///etc/passwd`"),
        ("bash {run=a, plain}", "till $(date)", "`$(date)`"),
        ("bash {run=a, plain}", "till $regoin", "`$regoin`"),
    ],
)
def test_a_value_is_never_pasted_into_what_runs(opening: str, line: str, found: str) -> None:
    [one] = told(step(opening, line))

    assert f"found {found}; wanted" in one


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("Host: other.example", "the header `Host`"),
        ("Content-Length: 3", "the header `Content-Length`"),
        ("no header", "`no header`"),
        ("A: b\n\nregion=$region", "a `$name` in a body that is no JSON"),
        ('A: b\n\n{"a": "x $region"}', '`"x $region"`'),
        ('A: b\n\n{"$region": 1}', '`"$region "`'),
    ],
)
def test_a_request_has_places_where_no_value_may_stand(lines: str, found: str) -> None:
    with pytest.raises(Unfit) as error:
        read_http(f"POST https://shop.example/\n{lines}")

    assert error.value.found == found


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ('till "$region"', []),
        ("r=$region; echo \"${region}\" '\\$' # $region", []),
        ("echo \\$region", []),
        ("till $region", ["`$region` stands without quotes: a value with spaces or `*` becomes several words"]),
        ("till '$region'", ["`$region` stands in single quotes, where the shell leaves it as it is"]),
        ('eval "till $region"', ["`eval` reads `$region` as code"]),
        ('bash -c "till $region"', ["`bash -c` reads `$region` as code"]),
        ('ssh till "down $region"', ["`ssh` reads `$region` as code"]),
        ("till $other", []),
    ],
)
def test_a_careful_reader_of_a_script_objects(script: str, says: list[str]) -> None:
    assert [each.says for each in objections(script, ["region"])] == says


PLAIN = Parameter()
RANGE = Parameter(kind="whole number", least=2, most=9)


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (PLAIN, "-rf"),
        (PLAIN, "a;b"),
        (PLAIN, "$(a)"),
        (PLAIN, "a\nb"),
        (PLAIN, "a\0"),
        (PLAIN, "a" * 501),
        (PLAIN, ""),
        (PLAIN, "'"),
        (RANGE, "1"),
        (RANGE, "10"),
        (RANGE, "٣"),
        (RANGE, "3.0"),
        (Parameter(values=("eu",)), "EU"),
        (Parameter(matches="[a-z]+"), "a b"),
        (Parameter(matches="(?s)a.*"), "a\nb"),
        (Parameter(kind="length"), "soon"),
        (Parameter(kind="flag"), "maybe"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(parameter: Parameter, text: str) -> None:
    with pytest.raises(Unfit):
        accepted(parameter, text)


def test_values_are_those_given_and_else_the_defaults() -> None:
    parameters = {"region": Parameter(values=("eu", "us")), "pace": Parameter(kind="whole number", default="3")}

    assert filled(parameters, {"region": "eu"}) == {"region": "eu", "pace": "3"}
    with pytest.raises(Unfit, match="found no `region`"):
        filled(parameters, {})
    with pytest.raises(Unfit, match="did you mean `region`"):
        filled(parameters, {"regoin": "eu"})


PAGE = (
    HEAD
    + "# Storm\n\nWhy it is so.\n\n"
    + step("bash {run=a, timeout=5m}", 'till down "$region"')
    + "2. Tick it\n   - well\n"
)


def digest_of(page: str, given: dict[str, str] | None = None) -> str:
    loaded = load_files({"manual.yaml": MANUAL, "runbooks/storm.md": page})
    assert isinstance(loaded, Loaded), f"\n{loaded}"
    return digest(loaded.documents["storm"], loaded.manual.runbooks["storm"].parameters, given)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("till down", "till up"),
        ("timeout=5m", "timeout=6m"),
        ("timeout=5m", "timeout=5m, repeatable"),
        ("timeout=5m", "timeout=5m, target=till"),
        ("timeout=5m", "timeout=5m, needs=approval"),
        ("run=a", "run=b"),
        ("Tick it", "Leave it"),
        ("- well", "- badly"),
        ("eu, us", "eu, us, asia"),
        ("most: 9", "most: 10"),
        ("2. Tick", "2. Wait\n3. Tick"),
    ],
)
def test_an_edit_of_what_would_run_is_another_digest(old: str, new: str) -> None:
    assert old in PAGE
    assert digest_of(PAGE.replace(old, new)) != digest_of(PAGE)


def test_prose_and_place_are_not_what_runs() -> None:
    assert digest_of(PAGE.replace("Why it is so.", "Why it\n\nis not.")) == digest_of(PAGE)


def test_other_values_are_another_digest() -> None:
    assert len({digest_of(PAGE), digest_of(PAGE, {"region": "eu"}), digest_of(PAGE, {"region": "us"})}) == 3


def test_nothing_in_a_page_is_read_twice_as_markdown_and_as_code() -> None:
    [block] = document(step("bash {run=a}", "echo '*a* <b> &amp; \\\\'")).blocks

    assert block.body == "echo '*a* <b> &amp; \\\\'\n"

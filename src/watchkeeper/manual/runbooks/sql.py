"""
Which statements does a block of SQL hold, which values does it name, and what does it do beside reading?

Values stand as `:name` and are bound, never pasted. What is not known to be harmless counts as an effect:

>>> read_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = :state;").effects
('it calls pg_terminate_backend',)
>>> read_sql("SELECT count(*) FROM t WHERE a::date = now()").effects
()
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)
      |(?P<text>(?:[eE]'(?:[^'\\]|\\.|'')*')|(?:'(?:[^']|'')*')|(?P<dollar>\$(?:[A-Za-z_]\w*)?\$).*?(?P=dollar))
      |(?P<quoted>"(?:[^"]|"")*")
      |(?P<cast>::)
      |(?P<bind>:[A-Za-z_]\w*)
      |(?P<word>[A-Za-z_][\w$]*)
      |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_READS = frozenset({"select", "with", "values", "table", "show", "explain"})
#: Words that make a reading statement write, lock, run or read the server's own files.
_CHANGES = frozenset({"insert", "update", "delete", "merge", "truncate", "into", "analyze", "analyse", "share"})
#: Words before `(` that are no functions.
_NO_CALLS_TEXT = """
all and any array as between by case cast cube distinct else except exists extract filter from group grouping having
in intersect is join like ilike limit not offset on or order over partition rollup row select sets some then union
using values when where with within lateral materialized recursive interval varchar char numeric decimal timestamp
time bit
"""
_NO_CALLS = frozenset(_NO_CALLS_TEXT.split())
#: Functions that only compute. All others count as having an effect: nobody can list those that do harm.
_HARMLESS_TEXT = """
abs age array_agg array_length avg bool_and bool_or bit_length ceil ceiling char_length coalesce concat concat_ws
count current_database current_setting date date_bin date_part date_trunc dense_rank extract first_value floor
format greatest initcap json_agg jsonb_agg json_build_object jsonb_build_object lag last_value lead least left
length lower ltrim make_interval max md5 min mod now nullif octet_length percentile_cont percentile_disc
pg_blocking_pids pg_database_size pg_is_in_recovery pg_relation_size pg_size_pretty pg_total_relation_size
pg_backend_pid pg_postmaster_start_time position power rank regexp_replace replace right round row_number
row_to_json rpad lpad rtrim split_part sqrt stddev string_agg strpos substr substring sum to_char to_date to_json
to_jsonb to_number to_timestamp trim trunc unnest upper variance version width_bucket clock_timestamp
statement_timestamp strftime datetime julianday ifnull total typeof sqlite_version
"""
_HARMLESS = frozenset(_HARMLESS_TEXT.split())


class Bind(NamedTuple):
    """
    A named value and where it stands in the text, from 0; `quoted`: inside a string, where it stays text.
    """

    name: str
    at: int
    quoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """
    The statements, their named values and their effects in words.
    """

    statements: tuple[str, ...]
    binds: tuple[Bind, ...]
    effects: tuple[str, ...]


class _Word(NamedTuple):
    kind: str
    text: str
    at: int


def read_sql(text: str) -> Understood:
    """
    What a block of SQL says.
    """
    statements: list[list[_Word]] = [[]]
    binds: list[Bind] = []
    for word in _words(text):
        if word.text == ";" and word.kind == "other":
            statements.append([])
            continue
        statements[-1].append(word)
        binds += _binds(word)
    said = [each for each in statements if each]
    effects = dict.fromkeys(effect for each in said for effect in _effects(each))
    texts = (text[each[0].at : each[-1].at + len(each[-1].text)] for each in said)
    return Understood(statements=tuple(texts), binds=tuple(binds), effects=tuple(effects))


def _words(text: str) -> Iterator[_Word]:
    for found in _TOKEN.finditer(text):
        kind = "text" if found.lastgroup == "dollar" else str(found.lastgroup)
        if kind != "skip":
            yield _Word(kind, found[0], found.start())


def _binds(word: _Word) -> Iterator[Bind]:
    if word.kind == "bind":
        yield Bind(word.text[1:], word.at, False)
    elif word.kind == "text":
        for found in re.finditer(r"(?<![:\w]):([A-Za-z_]\w*)", word.text):
            yield Bind(found[1], word.at + found.start(), True)


def _effects(words: Sequence[_Word]) -> Iterator[str]:
    first = words[0].text.lower()
    if first not in _READS:
        yield f"it says {words[0].text.upper()}"
        return
    for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
        low = word.text.lower()
        if word.kind == "word" and low in _CHANGES and (before is None or before.text != "."):
            yield f"it says {word.text.upper()}"
        elif word.kind in ("word", "quoted") and after is not None and after.text == "(":
            own = before is not None and before.text == "."
            known = word.kind == "word" and not own and low in _HARMLESS | _NO_CALLS
            if not known and not _is_name(words, word):
                yield f"it calls {word.text}"


def _is_name(words: Sequence[_Word], word: _Word) -> bool:
    """
    `WITH name (a, b) AS` and `AS name (a, b)` name columns; they call nothing.
    """
    at = words.index(word)
    return at > 0 and words[at - 1].text.lower() in ("with", "recursive", "as")

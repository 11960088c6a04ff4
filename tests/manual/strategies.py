"""
Texts that are nearly manuals: a valid one with a few slips, and YAML of the manual's own words.
"""

from hypothesis import strategies as st

WORDS = (
    "watchkeeper: 1",
    "manual: Shop",
    "streams:",
    "indicators:",
    "alerts:",
    "routes:",
    "- ",
    "  a: {spans: 'true'}",
    "  b: {from: a, bad: 'x == 1'}",
    "  c: {indicator: b, when: '> 5%'}",
    "when: >= 5%",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    ": ",
    "#",
    "&x",
    "*x",
    "<<: ",
    "!!int 5",
    "\t",
    "\r\n",
    "---",
    "\ufeff",
    "𝟗",
    "\x00",
    "zone: 10:00",
    "null",
    "~",
    "-",
    "?",
    "|",
    ">",
    "%YAML 1.1",
)

pieces = st.one_of(st.sampled_from(WORDS), st.text(max_size=8), st.just("\n"), st.just("\n  "))
texts = st.lists(pieces, max_size=30).map("".join)


@st.composite
def slips(draw: st.DrawFn, text: str) -> str:
    """
    The text with one to four slips: something put in, taken out, or a line moved in or doubled.
    """
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(("in", "out", "line", "indent"))):
            case "in":
                text = text[:at] + draw(pieces) + text[at:]
            case "out":
                text = text[:at] + text[at + draw(st.integers(1, 20)) :]
            case "line":
                lines = text.split("\n")
                line = draw(st.integers(0, len(lines) - 1))
                text = "\n".join([*lines[:line], lines[line], *lines[line:]])
            case "indent":
                lines = text.split("\n")
                line = draw(st.integers(0, len(lines) - 1))
                text = "\n".join([*lines[:line], "  " + lines[line], *lines[line + 1 :]])
    return text

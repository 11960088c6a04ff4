"""
How does a runbook's page become HTML, with what runs marked in its gutter?

HTML written in it is shown as text, and no address in it can run a script:

>>> document_html("# Title\\n\\n*mind* <b>this</b> [go](javascript:x())", {})
Markup('<p><em>mind</em> &lt;b&gt;this&lt;/b&gt; [go](javascript:x())</p>\\n')
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from watchkeeper.manual.runbooks.pages import page_text
from watchkeeper.manual.runbooks.values import Block

_KINDS: Final = {
    "bash": "shell",
    "sql": "SQL",
    "http": "HTTP",
    "switch": "switch",
    "watch": "watch",
    "check": "check",
    "wait": "wait",
}


class _Gutter(RendererHTML):
    """
    Fenced blocks that run get a caption; `env["blocks"]` has them by the line that opens them.
    """

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:  # noqa: ARG002  # the library's shape
        token = tokens[idx]
        block = env["blocks"].get((token.map or [0])[0] + 1)
        code = Markup("<pre><code>{}</code></pre>").format(token.content)
        if block is None:
            return str(code)
        caption = Markup("<figcaption>{}</figcaption>").format(_caption(block))
        return str(Markup('<figure class="runs">{}{}</figure>\n').format(caption, code))


_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Gutter).enable("table")


def document_html(text: str, blocks: Mapping[int, Block]) -> Markup:
    """
    A page without the keys above it and without its title, which stands on the page anyway.
    """
    env = {"blocks": blocks}
    tokens = _untitled(_MARKDOWN.parse(page_text(text), env))
    _mark_steps(tokens, blocks)
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env))  # noqa: S704  # it escapes HTML itself


def _untitled(tokens: list[Token]) -> list[Token]:
    at = next((at for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"), None)
    return tokens if at is None else tokens[:at] + tokens[at + 3 :]


def _mark_steps(tokens: list[Token], blocks: Mapping[int, Block]) -> None:
    """
    Numbered lists at the left margin are steps: with a block that runs, or for a person to tick.
    """
    lists: list[str] = []
    for token in tokens:
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append(token.type)
            if token.level == 0 and token.type == "ordered_list_open":
                token.attrSet("class", "steps")
                token.attrs.pop("start", None)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "list_item_open" and lists == ["ordered_list_open"]:
            begin, end = token.map or [0, 0]
            token.attrSet("class", "auto" if any(begin < line <= end for line in blocks) else "by-hand")


def _caption(block: Block) -> Markup:
    """
    What kind of block, its name, and what stands between it and running.
    """
    tags = [
        f"at {block.target}" if block.target else "",
        f"at most {block.timeout}" if block.timeout is not None else "",
        "may run twice" if block.repeatable else "",
    ]
    approval = Markup('<small class="tag asks" title="{}">needs approval</small>').format(block.approval)
    said = Markup(" ").join(Markup('<small class="tag">{}</small>').format(tag) for tag in tags if tag)
    head = Markup('<b>{}</b> <span class="mono">{}</span>').format(_KINDS[block.kind], escape(block.name))
    return Markup(" ").join([head, *([approval] if block.approval else []), said])

"""
A runbook's page is shown as it is written, marks what would run, and runs nothing in a browser.
"""

import pytest

from watchkeeper.manual.runbooks.pages import read_page
from watchkeeper.web.views.runbook_document import document_html

PAGE = """\
---
owner: us
---
# Storm

1. Slow down

   ```bash {run=slow, needs=approval, target=shop, timeout=5m}
   till slow "<b>" '{{ 7 * 7 }}'
   ```

2. Tell people
   1. by mail

```bash
till </code><script>x()</script>
```
"""


def shown(text: str) -> str:
    document = read_page("storm", "runbooks/storm.md", text).document
    return str(document_html(text, {block.line: block for block in document.blocks}))


def test_what_would_run_stands_in_the_gutter_with_its_name_and_its_brakes() -> None:
    html = shown(PAGE)

    assert html.count("<figure") == 1
    assert '<b>shell</b> <span class="mono">slow</span>' in html
    assert '<small class="tag asks" title="the page asks for it">needs approval</small>' in html
    assert "at shop" in html
    assert "at most 5m" in html


def test_steps_that_run_and_steps_for_a_person_look_different() -> None:
    html = shown(PAGE)

    assert html.count('<li class="auto">') == 1
    assert html.count('<li class="by-hand">') == 1
    assert html.count("<ol") == 2
    assert html.count('<ol class="steps">') == 1


def test_the_keys_above_and_the_title_stand_elsewhere() -> None:
    html = shown(PAGE)

    assert "owner" not in html
    assert "Storm" not in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>x()</script>",
        "a <img src=x onerror=x()> b",
        "<div onclick=x()>\n\nb\n\n</div>",
        "[a](javascript:x())",
        "[a](JaVaScRiPt:x())",
        "[a](&#106;avascript:x())",
        "[a](data:text/html,<script>x()</script>)",
        "[a](vbscript:x())",
        "<javascript:x()>",
        "![a](javascript:x())",
        '[a](https://a.example "\\" onclick=x()")',
        '```a\\" onclick=x()\n<script>\n```',
        "``<script>``",
        "[a]: javascript:x()\n\n[a]",
        "# <script>x()</script>",
        "| a |\n|---|\n| <script> |",
        "1. a\n\n   ```bash {run=a}\n   </code></pre><script>x()</script>\n   ```",
        '1. a\n\n   ```bash {run=a, target="<script>"}\n   true\n   ```',
    ],
)
def test_nothing_in_a_page_becomes_a_script(text: str) -> None:
    html = shown(text)

    assert "<script" not in html
    assert "<img" not in html
    assert "<div" not in html
    assert 'href="javascript' not in html.lower()
    assert 'href="data' not in html
    assert 'href="vbscript' not in html
    assert ' onclick="' not in html
    assert '" onclick' not in html


def test_every_block_that_would_run_is_marked() -> None:
    text = PAGE.replace("```bash\ntill", "3. Look\n\n   ```wait {run=wait}\n   for: 1m\n   ```\n\n```bash\ntill")

    assert shown(text).count("<figure") == 2

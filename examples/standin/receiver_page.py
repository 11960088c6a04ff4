"""
How do people read what arrived?

A plain page, newest first, that renews itself and needs no script.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

STYLE = """
:root{color-scheme:light dark;--ink:#16202a;--soft:#5a6875;--line:#dfe5ea;--page:#f6f8f9;--card:#fff;--sea:#0b6e8c;
font:15px/1.45 system-ui,"Segoe UI",Roboto,sans-serif}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf2;--soft:#93a3b0;--line:#26323c;--page:#0f161c;--card:#151e26;--sea:#5cc3e0}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font-variant-numeric:tabular-nums}
main{max-width:860px;margin:0 auto;padding:24px 16px 60px}h1{font-size:22px;margin:0}p{margin:4px 0;color:var(--soft)}
ol{list-style:none;padding:0;margin:20px 0;display:grid;gap:12px}
li{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px}
.head{display:flex;gap:12px;font-size:13px;color:var(--soft)}.via{color:var(--sea);font-weight:600}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}.text{margin-top:6px}
.do{display:flex;flex-wrap:wrap;gap:8px;margin-top:10px}
.do a{border:1px solid var(--sea);border-radius:8px;padding:8px 14px;color:var(--sea);text-decoration:none}
details{margin-top:8px;font-size:13px;color:var(--soft)}details pre{font-family:ui-monospace,monospace;padding-top:6px}
summary{cursor:pointer}summary:focus-visible{outline:2px solid var(--sea)}
"""


def page(messages: Sequence[Mapping[str, Any]], *, received: int) -> str:
    """
    The whole document; everything that was posted is escaped.
    """
    items = "".join(_item(message) for message in messages)
    said = f"{received} message{'s' if received != 1 else ''} arrived" if received else "Nothing has arrived yet"
    hint = (
        "Newest first; the page renews itself every 5 s."
        if received
        else "Break something, and the alert will show here."
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="refresh" content="5">'
        f'<link rel="icon" href="data:,"><title>{said}</title><style>{STYLE}</style></head>'
        f"<body><main><h1>{said}</h1><p>{hint}</p><ol>{items}</ol></main></body></html>"
    )


def _item(message: Mapping[str, Any]) -> str:
    at = datetime.fromisoformat(message["at"])
    raw = json.dumps({"headers": message["headers"], "body": message["body"]}, indent=2, ensure_ascii=False)
    return (
        f'<li><div class="head"><span class="via">{escape(message["via"])}</span>'
        f'<time datetime="{escape(message["at"])}" title="{at:%Y-%m-%d %H:%M:%S %Z}">{at.astimezone():%H:%M:%S}</time>'
        f"<span>no. {message['number']}</span></div>"
        f'<pre class="text">{escape(message["text"])}</pre>{_buttons(message["actions"])}'
        f"<details><summary>As it was posted to {escape(message['path'])}</summary>"
        f"<pre>{escape(raw)}</pre></details></li>"
    )


def _buttons(actions: Sequence[tuple[str, str]]) -> str:
    """
    What a telephone shows as buttons, as links: opening one changes nothing, the page behind it asks.
    """
    links = "".join(f'<a href="{escape(url)}" rel="noreferrer">{escape(label)}</a>' for label, url in actions)
    return f'<div class="do">{links}</div>' if links else ""

"""Text into HTML, for the landing page and for articles. Escaped first; slots are escaped when they are filled."""

import html
import re
from collections.abc import Iterable

from runbook.model.message import Document, size_in_words
from runbook.model.slots import CLOSE, OPEN

_LINK = re.compile(rf"(https?://[^\s<>{OPEN}{CLOSE}]*[^\s<>{OPEN}{CLOSE}.,;:)]|{OPEN}address\.[^{CLOSE}]+{CLOSE})")


def paragraphs(text: str) -> str:
    """Return plain text as HTML: blank lines part paragraphs, lines with `- ` make a list, addresses become links."""
    blocks = (block for block in re.split(r"\n\s*\n", text.strip()) if block.strip())
    return "\n".join(_block(block.splitlines()) for block in blocks)


def _block(lines: list[str]) -> str:
    pieces: list[str] = []
    for is_list, group in _runs(lines):
        if is_list:
            items = "".join(f"<li>{_inline(line[2:])}</li>" for line in group)
            pieces.append(f"<ul>{items}</ul>")
        else:
            pieces.append(f"<p>{'<br>'.join(_inline(line) for line in group)}</p>")
    return "\n".join(pieces)


def _runs(lines: Iterable[str]) -> list[tuple[bool, list[str]]]:
    runs: list[tuple[bool, list[str]]] = []
    for line in lines:
        is_list = line.startswith("- ")
        if not runs or runs[-1][0] is not is_list:
            runs.append((is_list, []))
        runs[-1][1].append(line)
    return runs


def _inline(text: str) -> str:
    escaped = html.escape(text.strip())
    return _LINK.sub(lambda match: f'<a href="{match.group(1)}">{match.group(1)}</a>', escaped)


def landing_page(title: str, text: str, documents: Iterable[Document], *, notice: str = "") -> str:
    """Return the page that lists the documents beside it: whole, accessible HTML, nothing fetched from elsewhere.

    `notice` stands above everything else; a correction goes there.
    """
    items = "\n".join(
        f'<li><a href="{html.escape(d.name)}">{html.escape(d.title)}</a> '
        f"<span>({html.escape(d.format)}, {size_in_words(d.size)})</span></li>"
        for d in documents
    )
    above = f'<section aria-label="Correction" class="notice">\n{paragraphs(notice)}\n</section>\n' if notice else ""
    return f"""<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; color: #0b0c0c; background: #fff; margin: 0 auto; padding: 1.5rem;
max-width: 42rem; }}
h1 {{ font-size: 1.9rem; line-height: 1.2; }}
a {{ color: #1d70b8; }}
a:focus {{ background: #ffdd00; color: #0b0c0c; outline: 3px solid #0b0c0c; }}
.notice {{ border: 4px solid #d4351c; padding: 0 1rem; }}
</style>
</head>
<body>
<main>
{above}<h1>{html.escape(title)}</h1>
{paragraphs(text)}
<h2>Documents</h2>
<ul>
{items}
</ul>
</main>
</body>
</html>
"""

"""A page as people read it: HTML without its tags, for screens. What goes out is the HTML itself."""

from html.parser import HTMLParser

_BLOCKS = frozenset({"p", "h1", "h2", "ul", "section", "main", "div"})
_UNSEEN = frozenset({"head", "style", "script"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._unseen = 0
        self._link = ""
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BLOCKS:
            self.lines += ["", ""]
        elif tag == "br":
            self.lines.append("")
        elif tag == "li":
            self.lines.append("- ")
        elif tag == "a":
            self._link, self._text = dict(attrs).get("href") or "", ""

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen -= 1
        elif tag == "a":
            if self._link and self._link != self._text:
                self.lines[-1] += f" [{self._link}]"
            self._link = ""
        elif tag in _BLOCKS:
            self.lines += ["", ""]

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        words = " ".join(data.split())
        if not words:
            self.lines[-1] += " " if self.lines[-1].strip() else ""
            return
        if self._link:
            self._text += words
        line = self.lines[-1]
        gap = " " if line and not line.endswith(" ") and data[:1].isspace() else ""
        self.lines[-1] = f"{line}{gap}{words}{' ' if data[-1:].isspace() else ''}"


def plain_text(page: str) -> str:
    """Return a page's words: blocks parted by blank lines, list items with `- `, addresses of links in brackets."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    kept: list[str] = []
    for line in (line.rstrip() for line in reader.lines):
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()

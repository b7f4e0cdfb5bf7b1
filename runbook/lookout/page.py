"""A web page as a reader sees it: its title, its headings, its text and its links. Pure."""

import re
import unicodedata
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg"})
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd", "mark", "q", "s", "samp"}
    | {"small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr"}
)
_HEADINGS = frozenset({"title", "h1"})

# A content management system writes other quotes and dashes than a person types, and may put soft hyphens in.
_ALIKE = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u02bc": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2010": "-",
        "\u2011": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u00ad": None,
        "\u200b": None,
        "\ufeff": None,
    }
)

_ERROR = re.compile(
    r"""^\W*[45]\d\d\b | \b(?: (?:error|status|http)\W{0,3}[45]\d\d
    | not\ found | can(?:no|')t\ be\ found | could\ not\ be\ found | no\ longer\ (?:available|exists)
    | bad\ gateway | gateway\ time-?out | service\ unavailable | server\ error | error\ occurred
    | access\ denied | forbidden | temporarily\ unavailable | technical\ difficulties | under\ maintenance
    | something\ (?:has\ )?(?:went|gone)\ wrong | (?:there\ is|there's|sorry)\b.{0,40}\bproblem
    | (?:page|site|service)\ (?:is\ )?(?:unavailable|offline|down|expired) )\b""",
    re.VERBOSE | re.IGNORECASE,
)
"""What a heading of an error page says. The status code cannot be relied on: many error pages come with 200."""


@dataclass(frozen=True)
class Page:
    """What stands on a page. Texts have single spaces; links are absolute, http or https, in the page's order."""

    headings: tuple[str, ...]
    """The page's `<title>` and its first-level headings."""
    text: str
    links: tuple[str, ...]

    def carries(self, title: str) -> bool:
        """Whether the title stands on the page, quotes and dashes written in any way; upper and lower case count."""
        wanted = seen(title)
        return bool(wanted) and any(wanted in text for text in (*self.headings, self.text))

    def is_error(self, title: str) -> bool:
        """Whether a heading speaks of an error. `title` does not count: a release may be about errors."""
        return any(_ERROR.search(heading.replace(seen(title), " ")) for heading in self.headings)

    def links_to(self, name: str) -> tuple[str, ...]:
        """Return the links whose last part is the file name `name`: percent-decoded, upper and lower case count."""
        return tuple(link for link in self.links if last_part(link) == name)


def read_page(markup: str, address: str) -> Page:
    """Read a page that came from `address`. Whatever is wrong with its HTML is read as far as it goes."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    base = urllib.parse.urljoin(address, reader.base)
    links = dict.fromkeys(_absolute(base, reader.links))
    return Page(tuple(seen(heading) for heading in reader.headings), seen("".join(reader.text)), tuple(links))


def seen(text: str) -> str:
    """Return a text as it compares: single spaces, composed letters, plain quotes and dashes, nothing invisible."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_ALIKE).split())


def last_part(address: str) -> str:
    """Return the last part of an address's path, percent-decoded; empty if the path ends with a slash."""
    return urllib.parse.unquote(urllib.parse.urlsplit(address).path.rpartition("/")[2])


def _absolute(base: str, links: list[str]) -> Iterator[str]:
    for link in links:
        try:
            address = urllib.parse.urldefrag(urllib.parse.urljoin(base, link.strip())).url
            parts = urllib.parse.urlsplit(address)
        except ValueError:  # a bracket in a host name, say: nobody can follow it
            continue
        if parts.scheme in ("http", "https") and parts.hostname:
            yield address


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.headings: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []
        self.base = ""
        self._hidden = 0
        self._heading = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _UNSEEN:
            self._hidden += 1
        elif tag in _HEADINGS and not self._hidden:
            self._heading = tag
            self.headings.append("")
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        elif tag == "base" and values.get("href") and not self.base:
            self.base = values["href"] or ""
        self._gap(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == self._heading:
            self._heading = ""
        self._gap(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _UNSEEN:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._heading:
            self.headings[-1] += data
        if self._heading != "title":
            self.text.append(data)

    def parse_html_declaration(self, i: int) -> int:
        # Browsers read on after `<![` with a word that SGML does not know; html.parser raises before Python 3.14.
        try:
            return super().parse_html_declaration(i)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def _gap(self, tag: str) -> None:
        # Words on two sides of a block stand apart; `<b>Mal</b>practice` is one word.
        if tag in _INLINE or self._hidden:
            return
        self.text.append(" ")
        if self._heading:
            self.headings[-1] += " "

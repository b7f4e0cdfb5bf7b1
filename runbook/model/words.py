"""What things are called where a person reads them; settings and logs keep their own words."""

from runbook.model.message import Audience

_READERS: dict[Audience, str] = {"press": "journalist", "public": "user", "roles": "role holder"}
_KINDS = {"smtp": "e-mail", "x": "post on X", "upload": "upload", "wordpress": "news site", "manual": "by hand"}


def kind_in_words(kind: str) -> str:
    """Return what a channel's kind is called; a kind that has no other name, by its own."""
    return _KINDS.get(kind, kind)


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 entry`, `1,204 entries`; without `many` the plural takes an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def readers(number: int, audience: Audience) -> str:
    """Return so many people of an audience: `24 journalists`, `1 role holder`."""
    return counted(number, _READERS[audience])


def with_kind(title: str, kind: str) -> str:
    """Return a message's title and how it goes out, said once: `Journalists · e-mail`, `Post on X`."""
    words, called = kind_in_words(kind), title.casefold()
    if words.casefold() in called:
        return title
    return f"{title}{words[len(title) :]}" if words.casefold().startswith(called) else f"{title} · {words}"

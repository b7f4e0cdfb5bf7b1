"""What an unquoted YAML value means, by the core schema of YAML 1.2 (chapter 10.3); and the one that must be quoted.

A date stays a text: the nouns read it. `.inf` and `.nan` stay texts too, since nothing here takes them.
"""

import re

_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_WORDS |= {case(word): value for word, value in _WORDS.items() for case in (str.capitalize, str.upper)}
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_OCTAL = re.compile(r"0o[0-7]{1,20}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,15}")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,18}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,2})?")

_CLOCK = re.compile(r"(?P<first>\d{1,3})(?P<rest>(:[0-5]\d){1,2})(?P<offset>[+-]\d\d:\d\d|Z)?")
_BASE_60 = re.compile(r"[1-9][0-9]*(:[0-5]?[0-9])+")


def meaning(text: str) -> str | int | float | bool | None:
    """Return what an unquoted `text` means. Numbers of more digits than anything here has stay texts."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        return int(text, 0)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


def clock_time(text: str) -> str | None:
    """Return an unquoted clock time as it should have been written (`9:30` → `09:30`), or None if it is not one."""
    found = _CLOCK.fullmatch(text)
    return f"{found['first']:0>2}{found['rest']}{found['offset'] or ''}" if found else None


def base_60(text: str) -> int | None:
    """Return the number that YAML 1.1 reads in an unquoted clock time, or None where it reads a text.

    https://yaml.org/type/int.html: `9:30` is 570; `09:30` is a text, since the number may not begin with a nought.
    """
    if not _BASE_60.fullmatch(text):
        return None
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return total

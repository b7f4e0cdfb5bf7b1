"""Rendering the playbook's templates: sandboxed, strict, with the names of this release and nothing else."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import missing

from runbook.model import slots
from runbook.model.message import size_in_words
from runbook.model.times import clock_time, day

_MOST = 100_000
"""Characters that one template may make."""
_FILTERS = ("clock", "day", "size")
_NO_FILTER = re.compile(r"No filter named '(?P<name>.*)'")


class TemplateRefused(Exception):
    """A template that cannot be rendered. The message is a sentence for whoever wrote it; `line` counts from 1."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class Group(dict[str, Any]):
    """Names that stand together, `release.title`, with what the group itself is called."""

    def __init__(self, called: str, members: Mapping[str, Any]) -> None:
        super().__init__(members)
        self.called = called


class _Unknown(StrictUndefined):
    """A name that there is none of; says so in words that help whoever wrote it."""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        if isinstance(self._undefined_obj, Group):
            return f'"{self._undefined_obj.called}" has no "{name}".{_meant(name, self._undefined_obj)}'
        if self._undefined_obj is missing:
            return f'"{name}" is not a name that is known here.'
        return f'There is no "{name}" in it.'


def _meant(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f' Did you mean "{near[0]}"?' if near else f" It has: {', '.join(sorted(known))}."


class Templates:
    """The templates of one playbook, for one release.

    `known` are the names with values now; `late` those whose values come during the run and become slots.
    """

    def __init__(self, known: Mapping[str, Any], late: Mapping[str, Any], zone: str) -> None:
        self._env = SandboxedEnvironment(
            undefined=_Unknown,
            autoescape=False,
            keep_trailing_newline=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        ours = (lambda at: clock_time(at, zone), lambda at: day(at, zone), size_in_words)
        self._env.filters.update(zip(_FILTERS, ours, strict=True))
        self._env.globals.clear()
        self._names = {**known, **late}

    def render(self, text: str) -> str:
        """Return the text with slots where late values go. Raises `TemplateRefused`."""
        if "{" not in text:
            return text.strip()
        try:
            pieces: list[str] = []
            made = 0
            for piece in self._env.from_string(text).generate(self._names):
                pieces.append(piece)
                made += len(piece)
                if made > _MOST:
                    raise TemplateRefused(f"This template makes more than {_MOST} characters.")
        except TemplateSyntaxError as error:
            raise TemplateRefused(self._unread(f"{error.message}".rstrip(".")), error.lineno) from error
        except UndefinedError as error:
            raise TemplateRefused(self._explain(f"{error.message}")) from error
        except (TemplateError, TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
            raise TemplateRefused(f"This template cannot be filled in: {f'{error}'.rstrip('.')}.") from error
        return self._whole("".join(pieces).strip())

    def _unread(self, message: str) -> str:
        unknown = _NO_FILTER.fullmatch(message)
        if unknown is None:
            return f"This template is not complete: {message}."
        return f'There is no filter "{unknown["name"]}". There are: {", ".join(_FILTERS)} and Jinja\'s own.'

    def _explain(self, message: str) -> str:
        if not message.endswith("is not a name that is known here."):
            return message if message.endswith((".", "?")) else f"{message}."
        return message + _meant(message.split('"')[1], self._names)

    def _whole(self, text: str) -> str:
        """Return the text if every slot in it is one that was inserted as it is."""
        whole = all(self._is_late(name) for name in slots.names(text))
        if whole and not {slots.OPEN, slots.CLOSE} & set(slots.reading(text)):
            return text
        raise TemplateRefused("A value that is known only during the run was changed by a filter. Insert it as it is.")

    def _is_late(self, name: str) -> bool:
        first, *rest = name.split(".")
        try:
            found = self._names[first]
            for key in rest:
                found = found[key]
            return str(found) == slots.slot(name)
        except (LookupError, TypeError, UndefinedError):
            return False

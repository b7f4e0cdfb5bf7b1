"""What all nouns share: they are frozen, and an unknown key is an error."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Noun(BaseModel):
    """A value. It never changes; a changed one is a new one (`model_copy`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, defer_build=True)


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
"""A name that a person types: lower-case letters, digits and hyphens, at most 60."""

Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\r\n]*$")]
"""One line of text, 1 to 300 characters."""

Template = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
"""Text with `{{ … }}` in it; see `docs/writing-a-playbook.md` for the names that may stand there."""

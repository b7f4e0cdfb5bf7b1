"""What `[channels.NAME]` with kind `wordpress` may hold, and the slug that a sending has for ever."""

import hashlib
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from runbook.channels import wire
from runbook.model.message import Draft
from runbook.model.noun import Noun
from runbook.workspace.secrets import Secret

LONGEST_SLUG = 150

WebAddress = Annotated[str, AfterValidator(wire.web_address)]


class Settings(Noun):
    """`[channels.NAME]` with kind `wordpress`."""

    kind: Literal["wordpress"] = "wordpress"
    url: WebAddress
    """The site's own address; `/wp-json/` must answer below it."""
    user: Annotated[str, Field(min_length=1)]
    password: Secret
    """An application password, made under Users, Profile."""
    timeout: Annotated[float, Field(gt=0, le=120)] = 15.0
    """Seconds for each answer."""
    ca_file: str | None = None
    """The only authority to trust, from the workspace's folder."""


def slug_of(draft: Draft, key: str) -> str:
    """Return the slug that belongs to a message for ever: the folder, and eight digits of a SHA-256.

    The digest is that of the key without its last part, the number of the attempt: all attempts have one post, so that
    none can publish a second beside one that was given up too early.
    """
    message = key.rpartition("/")[0] or key
    name = re.sub(r"[^a-z0-9]+", "-", draft.folder.lower()).strip("-")[:LONGEST_SLUG] or "release"
    return f"{name}-{hashlib.sha256(message.encode()).hexdigest()[:8]}"

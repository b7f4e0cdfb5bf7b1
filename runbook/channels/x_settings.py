"""What `[channels.NAME]` with kind `x` may hold, and the time that a post's id tells."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from runbook.channels import wire
from runbook.model.noun import Noun
from runbook.workspace.secrets import Secret

_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
WebAddress = Annotated[str, AfterValidator(wire.web_address)]


class Timeout(Noun):
    """How long to wait, in seconds."""

    connect: Annotated[float, Field(gt=0, le=60)] = 3.0
    read: Annotated[float, Field(gt=0, le=120)] = 10.0


class Settings(Noun):
    """`[channels.NAME]` with kind `x`."""

    kind: Literal["x"] = "x"
    account: Annotated[str, StringConstraints(pattern=r"^@[A-Za-z0-9_]{1,15}$")]
    """The account that the keys belong to, with its @."""
    consumer_key: Secret
    consumer_secret: Secret
    access_token: Secret
    access_token_secret: Secret
    base_url: WebAddress = "https://api.twitter.com"
    web_url: WebAddress = "https://x.com"
    """Where people read the posts."""
    timeout: Timeout = Timeout()
    ca_file: str | None = None
    """The only authority to trust, from the workspace's folder."""


def made_at(post: str) -> datetime | None:
    """Return when X made a post, UTC, to the millisecond, from its id (a Snowflake); None if it is no such id."""
    if not post.isascii() or not post.isdigit() or not 1 << 22 <= int(post) < 1 << 63:
        return None
    return datetime.fromtimestamp(((int(post) >> 22) + _SNOWFLAKE_EPOCH_MS) / 1000, UTC)

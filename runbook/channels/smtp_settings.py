"""What `[channels.NAME]` with kind `smtp` may hold."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from runbook.channels import wire
from runbook.model.noun import Noun
from runbook.workspace.secrets import Secret

_ADDRESS = r"[^\s<>@,;:\"()\x00-\x1f\x7f]+@[^\s<>@,;:\"()\x00-\x1f\x7f]+"
_NAMED = rf"^(?:{_ADDRESS}|[^<>\x00-\x1f\x7f]*<{_ADDRESS}>)$"
PLAIN_ADDRESS = re.compile(_ADDRESS)
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

LARGEST_BATCH = 100
"""Recipients of one message; every server must take as many (RFC 5321 4.5.3.1.8)."""

NOBODY_NAMED = "undisclosed-recipients:;"

Named = Annotated[str, StringConstraints(pattern=_NAMED, max_length=300)]
"""`press@example.org` or `Press office <press@example.org>`."""


class Settings(Noun):
    """`[channels.NAME]` with kind `smtp`."""

    kind: Literal["smtp"] = "smtp"
    host: Annotated[str, StringConstraints(pattern=r"^[^\s/@]+$", max_length=253)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` to this computer only."""
    user: str | None = None
    password: Secret | None = None
    sender: Annotated[Named, Field(alias="from")]
    reply_to: Named | None = None
    to_header: Annotated[str, StringConstraints(pattern=_PRINTABLE, max_length=300)] = NOBODY_NAMED
    """What recipients read after `To:`; they are in the envelope only."""
    batch: Annotated[int, Field(ge=1, le=LARGEST_BATCH)] = LARGEST_BATCH
    """Recipients a connection; with `one_each`, how many are named at a time when it is made ready."""
    connections: Annotated[int, Field(ge=1, le=100)] = 10
    """At most so many at once. All batches are held at the same time, so this times `batch` is the most recipients."""
    one_each: bool = False
    """A message of his own to each recipient, who stands after `To:`; any number, over at most `connections`."""
    timeout: Annotated[float, Field(gt=0, le=300)] = 20.0
    """Seconds for each command before the final dot."""
    answer_timeout: Annotated[float, Field(gt=0, le=3600)] = 600.0
    """Seconds after the final dot (RFC 5321 4.5.3.2.6); a shorter wait leaves it unknown more often."""
    ca_file: str | None = None
    """The only authority to trust, from the workspace's folder."""
    local_hostname: Annotated[str, StringConstraints(pattern=r"^[^\s]+$")] | None = None
    """How this computer introduces itself; by default the organisation's domain."""

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.security == "none" and not wire.is_loopback(self.host):
            raise ValueError(f'security = "none" is for this computer only, and the host is "{self.host}"')
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together; give both, or neither")
        if self.one_each and self.to_header != NOBODY_NAMED:
            raise ValueError("with one_each, each recipient stands after To:; leave out to_header")
        return self

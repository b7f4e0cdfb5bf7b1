"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", metavar="DIR", help="The organisation's folder; else the nearest with a runbook.toml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
ReleaseOption = Annotated[
    str | None, typer.Option("--release", metavar="FILE", help="The release: a file, or an id of the workspace.")
]

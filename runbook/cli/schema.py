"""`runbook schema`: the JSON Schema of the files, so that editors complete and check them."""

import json
from enum import StrEnum
from typing import Annotated

import typer


class Which(StrEnum):
    """The files that have a schema."""

    PLAYBOOK = "playbook"
    RELEASE = "release"


def command(which: Annotated[Which, typer.Argument(help="The kind of file.")] = Which.PLAYBOOK) -> None:
    """Print the JSON Schema of a playbook or a release."""
    from runbook.loader.schema import playbook_schema, release_schema

    schema = playbook_schema() if which is Which.PLAYBOOK else release_schema()
    typer.echo(json.dumps(schema, indent=2, ensure_ascii=False))

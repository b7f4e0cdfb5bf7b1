"""`runbook init DIR`: a workspace to start from."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is not there yet, or empty.")],
) -> None:
    """Make a workspace: a commented copy of the example, with a release to practise on."""
    import shutil

    from runbook.errors import Unavailable
    from runbook.workspace.shipped import example

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Unavailable(f"{folder} is there already and is not empty.", "Nothing was written. Name another folder.")
    try:
        shutil.copytree(example(), folder, dirs_exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be made: {error.strerror}.", "Name another place.") from error
    typer.echo(f"Your workspace is in {folder}. Now:")
    typer.echo(f"  1 Fill in {folder / 'runbook.toml'}: roles, telephone numbers, channels.")
    typer.echo(f"  2 Replace the lists in {folder / 'contacts'}.")
    typer.echo(f"  3 Practise: cd {folder} && runbook execute gov-uk-failure --dry-run")

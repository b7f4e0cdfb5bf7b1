"""`runbook new release FOLDER`: a release of the documents in a folder."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make a new file from what is there.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def root() -> None:
    """Make a new file from what is there."""


@app.command("release")
def release(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder with the documents.")]) -> None:
    """Make a release file of the documents in a folder, with their sizes and digests."""
    from datetime import date

    from runbook.errors import Unavailable
    from runbook.loader.describe import describe_folder

    if not folder.is_dir():
        raise Unavailable(f"There is no folder {folder}.", "Name the folder that has the documents.")
    text = describe_folder(folder, date.today())  # noqa: DTZ011 — the day on this desk's calendar
    file = folder / "release.yaml"
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise Unavailable(f"{file} exists already.", "Nothing was written. Move it away first.") from error
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}.", "Name another folder.") from error
    typer.echo(f"{file} has the documents with their sizes and digests. Fill in what is marked, then:")
    typer.echo(f"  runbook show gov-uk-failure --release {file}")

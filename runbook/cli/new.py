"""`runbook new`: a release of the documents in a folder, a contact list of a file that Excel saved."""

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
    _write_new(file, text.encode())
    typer.echo(f"{file} has the documents with their sizes and digests. Fill in what is marked, then:")
    typer.echo(f"  runbook show gov-uk-failure --release {file}")


@app.command("list")
def contact_list(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table of addresses, as Excel saves it (CSV).")],
    write: Annotated[
        Path | None, typer.Option("--write", metavar="NEW", help="Write the list there: contacts/journalists.csv")
    ] = None,
) -> None:
    """Show how a table of addresses is read, and write it as a clean contact list."""
    from runbook.cli.failure import problem_lines
    from runbook.errors import Unavailable
    from runbook.model.problem import Refused
    from runbook.model.words import counted
    from runbook.workspace.contacts import convert, read_list

    if not file.is_file():
        raise Unavailable(f"There is no file {file}.", "Name the table that Excel saved.")
    found = read_list(file, file.stem)
    if not found.encoding:
        raise Refused(found.problems, nothing="Nothing was written.")
    read_as = f", read as {found.read_as}" if found.read_as else ""
    typer.echo(f"{counted(len(found.contacts), 'address', 'addresses')}{read_as}:")
    for contact in found.contacts[:_SHOWN]:
        typer.echo(f"  {', '.join(part for part in (contact.name, contact.address, contact.outlet) if part)}")
    if len(found.contacts) > _SHOWN:
        typer.echo(f"  and {len(found.contacts) - _SHOWN} more")
    for line in problem_lines(found.problems):
        typer.echo(line)
    if write is None:
        typer.echo("Nothing was written. If the names look right, add --write contacts/NAME.csv.")
        return
    _write_new(write, convert(file))
    typer.echo(f"All of it is in {write}, in UTF-8 with commas.")


_SHOWN = 5
"""Addresses that are shown of a list, for a look at the letters."""


def _write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there yet. Raises `Unavailable`; then nothing was written."""
    from runbook.errors import Unavailable

    try:
        with file.open("xb") as out:
            out.write(content)
    except FileExistsError as error:
        raise Unavailable(f"{file} exists already.", "Nothing was written. Move it away first.") from error
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}.", "Name another place.") from error

"""The options that several commands have, and the program that they are commands of."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Customer-service analytics: raw exports in, checked tables, metrics and HTML reports out.",
    epilog="Start with: toolkit sample --out data && toolkit report --data data",
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Shown(StrEnum):
    """How a metric is printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Format(StrEnum):
    """File formats of the sample."""

    csv = "csv"
    parquet = "parquet"


Data = Annotated[
    str, typer.Option("--data", "-d", help="Raw export: a folder or a file; or prepared data.", metavar="PATH")
]
Source = Annotated[str | None, typer.Option(help="What wrote the export; see [b]toolkit sources[/b].", metavar="NAME")]
Service = Annotated[
    Path | None, typer.Option(help="service.toml; by default the one beside the data, if any.", metavar="FILE")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        help="When the data was read: a time such as 2024-04-29T08:00:00Z, [b]now[/b], or [b]file[/b]: when its files "
        "were last written. Default: as service.toml says, else the newest event.",
        metavar="TIME",
    ),
]
Notebooks = Annotated[Path | None, typer.Option(help="Folder of the notebooks.", metavar="DIR")]

"""Synthetic sample data: `write_sample` writes it, `planted` names the rows that are wrong on purpose, `sample_folder` is where it lies."""

from pathlib import Path

from toolkit.sample.dirty import planted
from toolkit.sample.generate import write_sample

__all__ = ["planted", "sample_folder", "write_sample"]


def sample_folder():
    """The sample that comes with the toolkit: in the installed package, or data/sample of a checkout.

    >>> sample_folder().joinpath("service.toml").is_file()
    True
    """
    installed = Path(__file__).parent / "data"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "data" / "sample"

"""Synthetic sample data: `write_sample` writes it, `planted` names the rows that are wrong on purpose."""

from toolkit.sample.dirty import planted
from toolkit.sample.generate import write_sample

__all__ = ["planted", "write_sample"]

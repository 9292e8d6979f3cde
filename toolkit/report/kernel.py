"""The kernel of a notebook: IPython's, that ends with its worker and keeps to the notebook's limits.

Started by `toolkit.report.worker` as a process of its own, or forked by it, see `toolkit.report.forks`.
"""

import os
import sys

from toolkit.backend import LIMIT
from toolkit.report import family, limits


def be_kernel(arguments):
    """Run IPython's kernel until it is shut down.

    Parameters
    ----------
    arguments : list of str
        ["-f", the path of its connection file].
    """
    parent = int(os.environ.get("JPY_PARENT_PID") or 0)
    family.end_with(parent)
    limits.die_first()
    if memory := int(os.environ.get(LIMIT, 0)):
        limits.limit_allocations(memory)
    from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance(parent_handle=parent)
    app.initialize(arguments)
    app.session.send = limits.Outputs(app.session.send)
    app.start()


def main():
    """Be one, as a process that was just started."""
    be_kernel(sys.argv[1:])

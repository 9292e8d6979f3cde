"""The metrics: one file per question, one function per metric, by shape (`shapes.py`).

Each takes a table (pandas frame, Ibis table or path), builds one Ibis expression and returns a small pandas frame with
counts and 95 % intervals; what each is called stands in `toolkit/words`, and is written to DEFINITIONS.md.

>>> from toolkit import metrics
>>> "csat" in dir(metrics), metrics.csat.__name__
(True, 'csat')
"""

import importlib
import pkgutil

from toolkit.metrics.registry import METRICS

# A file of metrics declares them (`@metric`), and that is all that it takes for them to be here.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = sorted(METRICS)
globals().update({name: METRICS[name].function for name in __all__})


def __dir__():
    return __all__  # what completes after `toolkit.metrics.` is metrics

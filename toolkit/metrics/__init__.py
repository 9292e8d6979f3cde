"""The metrics: one file per question, one function per metric, by shape (`shapes.py`).

Each takes a table (pandas frame, Ibis table or path), builds one Ibis expression and returns a small pandas frame with
counts and 95 % intervals; what each is called stands in `toolkit/words`, and is written to DEFINITIONS.md.

>>> from toolkit import metrics
>>> "csat" in dir(metrics), metrics.csat.__name__
(True, 'csat')
>>> dir(metrics.satisfaction)
['csat', 'csat_by_topic', 'low_score_rate', 'low_scores']
"""

import functools
import importlib
import pkgutil
import sys

from toolkit.metrics.registry import METRICS

# A file of metrics declares them (`@metric`), and that is all that it takes for them to be here.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = sorted(METRICS)
globals().update({name: METRICS[name].function for name in __all__})

# By question: the files, and the metrics of each in the order in which they stand there.
QUESTIONS = {}
for _name, _metric in METRICS.items():
    QUESTIONS.setdefault(_metric.question, []).append(_name)
QUESTIONS = dict(sorted(QUESTIONS.items()))
for _question, _names in QUESTIONS.items():
    # what completes after `toolkit.metrics.satisfaction.` is its metrics, not what its file imports
    sys.modules[f"{__name__}.{_question}"].__dir__ = functools.partial(list, _names)


def __dir__():
    """What completes after `toolkit.metrics.`: the questions, and after each its metrics."""
    return list(dict.fromkeys(name for question, names in QUESTIONS.items() for name in (question, *names)))

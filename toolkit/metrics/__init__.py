"""The metrics: files by question (`questions.py`), one function per metric, by shape (`shapes.py`).

Each takes a table (pandas frame, Ibis table or path), builds one Ibis expression and returns a small pandas frame with
counts and 95 % intervals; what each is called stands in `toolkit/words`, and is written to DEFINITIONS.md.

>>> from toolkit import metrics
>>> "csat" in dir(metrics), metrics.csat.__name__
(True, 'csat')
>>> metrics.csat_and_nps
csat, csat_by_topic, low_scores, low_score_rate, nps, predicted_csat
"""

import importlib
import pkgutil

from toolkit.metrics.questions import FILES, Question
from toolkit.metrics.registry import METRICS

# A file of metrics declares them (`@metric`), and that is all that it takes for them to be here.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = sorted(METRICS)
globals().update({name: METRICS[name].function for name in __all__})

# By question, and of each the metrics in the order of its files and in which they stand there.
_order = [*FILES, *sorted({one.question for one in METRICS.values()} - set(FILES))]
_place = [file for files in FILES.values() for file in files]
_files = {name: one.function.__module__.rsplit(".", 1)[-1] for name, one in METRICS.items()}
_sorted = sorted(METRICS, key=lambda name: _place.index(_files[name]) if _files[name] in _place else len(_place))
QUESTIONS = {question: [name for name in _sorted if METRICS[name].question == question] for question in _order}
globals().update(
    {question: Question({name: globals()[name] for name in names}) for question, names in QUESTIONS.items()}
)


def __dir__():
    """What completes after `toolkit.metrics.`: the questions, and after each its metrics."""
    return list(dict.fromkeys(name for question, names in QUESTIONS.items() for name in (question, *names)))

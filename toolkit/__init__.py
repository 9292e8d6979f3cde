"""Customer-service analytics: raw exports in, figures with their counts and intervals out.

>>> import toolkit
>>> data = toolkit.open_data("data/sample", period="2024-03")
>>> buckets = toolkit.metrics.response_time_buckets(data.conversations, by="channel")
>>> buckets.columns.tolist()
['channel', 'bucket', 'n', 'total', 'share', 'low', 'high', 'target_seconds', 'within_target']
"""

import importlib

__version__ = "0.6.0"

# Everything loads when first used: pandas, the engine and the plots cost seconds together.
_lazy = {
    "open_data": ("toolkit.load", "open_data"),
    "map_columns": ("toolkit.mapping.frame", "map_columns"),
    "metrics": ("toolkit.metrics", None),
    "plots": ("toolkit.plots", None),
    "findings": ("toolkit.findings", None),
    "sentiment": ("toolkit.sentiment", None),
    "show": ("toolkit.show", None),
    "table_html": ("toolkit.table_html", None),
    "files": ("toolkit.files", None),
}
__all__ = list(_lazy)


def __getattr__(name):
    if name not in _lazy:
        raise AttributeError(f"module 'toolkit' has no attribute {name!r}")
    module, attribute = _lazy[name]
    value = importlib.import_module(module)
    if attribute:
        value = getattr(value, attribute)
    globals()[name] = value
    return value


def __dir__():
    return [*globals(), *_lazy]

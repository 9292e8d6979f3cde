"""The spans of time that edges make, such as those of the response times."""

from toolkit.errors import BadParameter
from toolkit.metrics.rows import duration


def span_words(edges, otherwise=None, is_upper=True, still="waiting"):
    """[(words key, its values)] of the spans that edges in seconds make, and of what isn't in any.

    An edge belongs to the span that it ends ("within 1 h"), or to the one that it begins ("under 1 h", "from 1 h").

    >>> span_words([3600, 86400], "closed")[1:]
    [('between', {'low': 3600, 'high': 86400}), ('after', {'low': 86400}), ('closed_unanswered', {}), ('waiting', {})]
    """
    first, last = ("within", "after") if is_upper else ("under", "from")
    spans = [(first, {"high": edges[0]})]
    spans += [("between", {"low": low, "high": high}) for low, high in zip(edges, edges[1:], strict=False)]
    spans.append((last, {"low": edges[-1]}))
    return [*spans, *([("closed_unanswered", {})] if otherwise else []), (still, {})]


def parse_edges(edges):
    """Bucket edges in seconds, growing.

    Examples
    --------
    >>> parse_edges(("1h", "6h"))
    [3600, 21600]
    """
    seconds = [duration("edges", edge) for edge in edges]
    if not seconds or seconds != sorted(set(seconds)) or seconds[0] <= 0:
        raise BadParameter(f"edges: {list(edges)} must grow and begin above 0")
    return seconds


def span_name(key, values):
    """The name of a span as a value of the result's column: the same in every language.

    >>> span_name("between", {"low": 3600, "high": 90}), span_name("waiting", {})
    ('1 h to 90 s', 'waiting')
    """

    def name(seconds):
        for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
            if seconds % size == 0 and (unit != "d" or seconds > 86_400):
                return f"{seconds // size} {unit}"
        return f"{seconds} s"

    low, high = (name(values[end]) if end in values else "" for end in ("low", "high"))
    names = {"within": f"within {high}", "between": f"{low} to {high}", "after": f"after {low}"}
    names |= {"under": f"under {high}", "from": f"from {low}"}
    return names.get(key, key.replace("_", " "))

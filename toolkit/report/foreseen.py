"""Which reports a whole export of each source makes: found out by `make docs` and kept beside its selects, as it takes seconds.

>>> from toolkit.sources import find_source
>>> kept = read_foreseen(find_source("asterisk"))
>>> kept["reports"]["abandonment"]["made"], kept["reports"]["csat_by_topic"]
(True, {'made': False, 'sections': 0, 'left_out': [], 'wants': ['surveys']})
"""

import hashlib
import json
import tomllib

from toolkit.sources.fields import columns_of

FILE = "reports.toml"


def foreseen_of(source):
    """{report: dict of made, sections, left_out (headings) and wants (what is missing)} of a whole export of a source."""
    from toolkit.report.declared import foreseen  # which needs all that computes; to read what is kept needs nothing

    made = {}
    for one in foreseen(source):
        left = [] if not one.is_made else list(dict.fromkeys(entry["section"] for entry in one.left_out))
        made[one.name] = {
            "made": one.is_made,
            "sections": len(one.sections) if one.is_made else 0,
            "left_out": left,
            "wants": [want.name for want in one.wants],
        }
    return made


def read_foreseen(source):
    """What is kept with a source: its fingerprint and `reports`, as `foreseen_of` gives them; None where nothing is."""
    path = source.folder / FILE
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def write_foreseen(source, reports):
    """Keep with a source which reports it makes."""
    lines = [
        "# Written by `make docs`: which reports a whole export makes, and what is missing for the rest.",
        f'fingerprint = "{fingerprint(source)}"',
    ]
    for name, one in reports.items():
        lines += ["", f"[reports.{name}]"]
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in one.items()]
    (source.folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def fingerprint(source):
    """What the reports of a source depend on, in short: the columns that its selects give, and the notebooks."""
    from toolkit.report.notebooks import reports_there

    told = {table: sorted(columns_of(source, table)) for table in source.selects}
    kinds = sorted(str(field) for field in columns_of(source, "surveys").get("kind", ()))
    cells = {name: _cells(path) for name, path in reports_there().items()}
    said = json.dumps([told, kinds, cells], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _cells(path):
    """The cells of a notebook as JSON has them: no look of a file changes them."""
    return [cell["source"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]

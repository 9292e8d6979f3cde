"""What a run says of each report in its manifest: the figures of its last good edition, and the outcome of this run."""

import platform
from importlib import metadata

import toolkit

DRAWN = ("bullet", "spark")  # of a figure's texts those that are drawings: the executed notebook keeps them
PACKAGES = ("papermill", "nbconvert", "ibis-framework", "duckdb", "pandas", "matplotlib")


def versions():
    """{package: version} of what makes the reports."""
    found = {"toolkit": toolkit.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def entry(outcome, run, before, made_in=""):
    """The manifest's entry for an outcome; a failure keeps what the last good run said.

    Parameters
    ----------
    outcome : toolkit.report.run.Outcome
    run : dict
        What all reports of this run have in common: made_at, versions, data.
    before : dict
        The entry that is carried over; {} for none.
    made_in : str
        The id of this run.
    """
    attempt = {
        "status": outcome.status,
        "code": outcome.code,
        "message": outcome.message,
        "attempted_at": run["made_at"],
        "seconds": round(outcome.seconds, 1),
    }
    if outcome.lacks:
        attempt["lacks"] = outcome.lacks
    if outcome.status != "ok":
        zone = (run["data"] or {}).get("time_zone")
        known = {"title": outcome.title, "lede": outcome.lede, "html": None, "time_zone": zone, "group": outcome.group}
        return known | before | attempt
    header = outcome.header
    return attempt | {
        "title": outcome.title,
        "lede": outcome.lede,
        "html": outcome.html.name,
        "notebook": f"notebooks/{outcome.name}.ipynb",
        "made_at": run["made_at"],
        "made_in": made_in,
        "versions": run["versions"],
        "parameters": outcome.parameters,
        "service": header.get("service"),
        "source": header.get("source"),
        "time_zone": header.get("time_zone"),
        "as_of": header.get("as_of"),
        "period": header.get("period"),
        "previous_period": header.get("previous_period"),
        "scope": header.get("scope"),
        "headline": header.get("headline"),
        "figures": [{key: text for key, text in figure.items() if key not in DRAWN} for figure in outcome.figures],
        "where": outcome.where,
        "group": outcome.group,
        "left_out": outcome.left_out,
        "privacy": outcome.privacy,
    }

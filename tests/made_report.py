"""A report made of hand-made bundles, as a notebook of ours displays them, for tests of the page."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from toolkit import look
from toolkit.displays import KEY_FIGURES, MEASURED, REPORT, SECTION

CHANNELS = ["E-mail", "WhatsApp", "Phone", "Instagram", "Messenger", "Web chat", "X"]
SIBLINGS = [
    {"href": "index.html", "title": "Overview", "is_current": False},
    {"href": "response_times.html", "title": "Response times", "is_current": True},
    {"href": "abandonment.html", "title": "Abandonment", "is_current": False},
    {"href": "csat_by_topic.html", "title": "CSAT by topic", "is_current": False},
]
HEADER = {
    "title": "Response times",
    "scope": "Response times by channel, all hours",
    "service": "Alvora",
    "source": "toolkit",
    "period": {"label": "-28d", "start": "2024-04-01", "end": "2024-04-28"},
    "previous_period": {"label": "before", "start": "2024-03-04", "end": "2024-03-31"},
    "line": "1 to 28 April 2024, compared with 4 to 31 March read at the same age",
    "time_zone": "Europe/Rome",
    "as_of": "2024-04-29T00:00:00+02:00",
    "files": ["conversations.csv", "calls.csv"],
    "remarks": ["3 days are missing from the data, gaps and no zeros: 7, 8 and 9 April."],
    "headline": {
        "title": "54\u00a0% of contacts are answered in target, clearly fewer than in March",
        "bullets": [
            {"kind": "off", "text": "All seven channels; X is lowest with 40\u00a0% (28 to 53).", "block": "b1"},
            {"kind": "changed", "text": "On the phone 54\u00a0% after 67\u00a0%.", "block": "b2"},
            {"kind": "steady", "text": "Conversations and the share that is answered at all.", "block": ""},
        ],
    },
}
BULLET = '<svg xmlns="http://www.w3.org/2000/svg" width="180" height="16"><path d="M0 8H180" stroke="#1f6db5"/></svg>'
SPARK = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="24"><path d="M0 20L60 9L120 3" fill="none" stroke="#858e99"/></svg>'


def figure(label, value, **more):
    """The texts of a tile."""
    texts = {"label": label, "value": value, "interval": "", "status": "none", "standing": "no target", "beside": ""}
    texts |= {"arrow": "", "change": "", "verdict": "", "direction": "none", "note": "", "cases": "", "block": ""}
    return texts | {"bullet": "", "spark": ""} | more


FIGURES = [
    figure("Conversations", "898", interval="all channels", beside="before 871", arrow="▲", change="3.1\u00a0%",
        verdict="could be chance", bullet=BULLET, spark=SPARK),
    figure("Answered in target", "54\u00a0%", interval="51 to 57", status="off", standing="off target",
        beside="target 80\u00a0%", arrow="▼", change="7.2 points", verdict="worse, clear change", direction="worse",
        block="b1", bullet=BULLET, spark=SPARK),
    figure("Median wait, written", "4\u00a0h", interval="2.8\u00a0h to 6.9\u00a0h", beside="before 3\u00a0h", arrow="▲",
        change="56\u00a0min", verdict="could be chance", block="b3", bullet=BULLET, spark=SPARK),
    figure("Answered at all", "90\u00a0%", interval="87 to 91", status="near", standing="near", beside="target 88\u00a0%",
        arrow="▼", change="0.9 points", verdict="could be chance", bullet=BULLET, spark=SPARK),
    figure("Reply to a message, half within", "too few", status="few", note="7 replies, fewer than 10"),
]  # fmt: skip


def drawing(rows, width=800, size=12):
    """A chart of dots as the plots draw them: one unit is one pixel."""
    height = 30 * len(rows) + 30
    marks = "".join(
        f'<text x="0" y="{30 * place + 20}" font-size="{size}" fill="#1a1f26">{name}</text>'
        f'<path d="M{width * 0.3:.0f} {30 * place + 24}H{width * 0.8:.0f}" stroke="#1f6db5"/>'
        f'<circle cx="{width * 0.5:.0f}" cy="{30 * place + 24}" r="4" fill="#1f6db5"><title>{name}: 54</title></circle>'
        for place, name in enumerate(rows)
    )
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return look.with_variables(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{marks}</svg>')


def table(label, rows=CHANNELS, **more):
    """A table of six columns."""
    head = ["Channel", "n", "Answered in target", "Status", "Before", "Change"]
    heads = "".join(f'<th scope="col"{" class=num" if at else ""}>{name}</th>' for at, name in enumerate(head))
    body = "".join(
        f'<tr><th scope="row">{name}</th><td class="num">{190 - place}</td>'
        f'<td class="num">{40 + place}.3\u00a0% <span class="iv">33.0 to 51.2</span></td><td>off target</td>'
        f'<td class="num">54.3\u00a0%</td><td>▼ 12.5\u00a0points <span class="chip worse">worse, clear change</span></td></tr>'
        for place, name in enumerate(rows)
    )
    html = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    made = {"label": label, "html": html, "all": "", "file": "answered.csv"}
    columns = [
        {"name": "channel", "heading": "Channel", "unit": "text", "type": "text", "values": list(rows)},
        {"name": "n", "heading": "Count", "unit": "count", "type": "integer", "values": [9] * len(rows)},
    ]
    return made | {"data": {"rows": len(rows), "left": 0, "columns": columns}} | more


def block(key, heading, rows=CHANNELS, **more):
    """A finding with its chart and its table."""
    chart = {"wide": drawing(rows), "narrow": drawing(rows, 300, 12.5), "alt": f"Dot rows: {heading}.", "folded": False}
    made = {"id": key, "heading": heading, "note": "A note on what is counted.", "status": "none", "is_changed": False}
    made |= {"score": 0.0, "chart": chart, "tables": [table("answered in target by channel", rows)], "facts": []}
    return made | {"tested": [], "form": "rows", "metric": "x", "by": ["channel"], "overview": ""} | more


def display(**data):
    return new_output("display_data", data=data)


def cell(source, *bundles):
    """A cell of code and what it displays."""
    outputs = [new_output("display_data", data={mime: data, "text/html": "<p>elsewhere</p>"}) for mime, data in bundles]
    return new_code_cell(source, outputs=outputs, execution_count=1)


MEASURE = {
    "quality": {"text": "29,044 of 29,093 rows used (99.8\u00a0%).", "tables": [], "notes": ["Two files were read."]},
    "definitions": [{"title": "Answered in target", "text": "got a first public reply in time", "more": "At length."}],
}


def made_report():
    """The notebook: a section that is steady, one that changed, one off target, a breakdown, a folded chart."""
    tabs = [
        {"label": "Channel", "block": block("b5", "By channel nothing stands out")},
        {"label": "Topic", "block": block("b6", "Internet faults wait longest", ["Internet fault", "Invoice"])},
    ]
    box = '<div class="toolkit-table" role="region" aria-label="By channel" tabindex="0">{}</div>'
    every = box.format(table("x", CHANNELS * 5)["html"])
    many = [table(f"by {order}", all=every, file=f"{'a_long_name_' * 6}.csv") for order in ("value", "count")]
    folded = block("b4", "No weekday stands out", ["Mon", "Tue", "Wed"])
    folded["chart"]["folded"] = True
    return new_notebook(
        cells=[
            new_markdown_cell("# Response times\n\nHow fast customers get an answer."),
            new_code_cell("by: str = 'channel'", metadata={"tags": ["parameters"]}),
            cell("import toolkit\nshow.header(now)", (REPORT, HEADER)),
            new_markdown_cell("## What are the key figures?"),
            cell("show.key_figures(now)", (KEY_FIGURES, {"figures": FIGURES, "raw": []})),
            new_markdown_cell("## On which weekday?"),
            cell("show(weekdays)", (SECTION, folded)),
            new_markdown_cell("## How many get no answer?"),
            cell("show(steady)", (SECTION, block("b3", "86 of 571 conversations have no answer", tables=many))),
            new_markdown_cell("## Did it change?\n\nRead at the same age."),
            cell(
                "show(changed)", (SECTION, block("b2", "The phone fell clearly, by 13.2\u00a0points", is_changed=True))
            ),
            new_markdown_cell("## Are answers in target?"),
            cell(
                "show(waits)",
                (SECTION, block("b1", "No channel reaches its target of 80\u00a0%", status="off", is_changed=True)),
                (SECTION, block("b7", "It is the same in every week", ["15 April", "22 April"])),
            ),
            new_markdown_cell("## Where?"),
            cell("show.breakdown(waits)", (SECTION, {"id": "b5", "tabs": tabs, "status": "none", "is_changed": False})),
            new_markdown_cell("## What is the data made of?\n\nNothing was dropped in silence."),
            cell("show.measured(now)", (MEASURED, MEASURE)),
        ]
    )

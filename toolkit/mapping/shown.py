"""What toolkit map prints: the guess, the rows before and after, what came out."""

from toolkit.mapping.run import measures, parsed_shares
from toolkit.mapping.write import made_columns
from toolkit.tables import TABLES

ROWS = 10
COLUMNS = 8  # of the tables of rows: more don't fit on a screen
WIDE = 24


def print_plan(console, plan):
    """Which column is which, why, and how sure that is."""
    from rich.table import Table
    from rich.text import Text

    for part in plan.parts:
        names = ", ".join(file.name for file in part.files[:3]) + (
            f" and {len(part.files) - 3} more" if len(part.files) > 3 else ""
        )
        sheet = f", {part.sample.part}" if part.sample.part else ""
        if not part.table:
            console.print(Text(f"{names}{sheet}: fits no table, and is left out", style="yellow"))
            continue
        console.print(Text(f"{names}{sheet}: {part.table}, a row is one {TABLES[part.table].row}", style="bold"))
        table = Table(box=None, padding=(0, 2))
        for heading in ("column", "becomes", "", "why"):
            table.add_column(heading, overflow="fold")
        for column, pick in part.guess.picks.items():
            table.add_row(*map(Text, (" + ".join(pick.headers), _becomes(column), pick.confidence, pick.why)))
        for column in made_columns(part):
            if column not in part.guess.picks:
                table.add_row(*map(Text, ("(none)", column, "", "made, see the select")))
        if part.kept:
            kept = part.kept
            listed = ", ".join(kept[:12]) + (f" and {len(kept) - 12} more" if len(kept) > 12 else "")
            table.add_row(*map(Text, (listed, "(own name)", "", "kept as text: figures can be grouped by them")))
        console.print(table)
        for column in part.guess.missing:
            console.print(Text(f"  no column is {column}, which {part.table} can't do without", style="red"))
        console.print()


def _becomes(column):
    return {
        "+score": "surveys.score",
        "+other_score": "score of a second survey",
        "+score_comment": "surveys.comment",
        "+score_at": "surveys.sent_at",
        "+solved_after": "closed_at, if no column says it",
        "+answered_after": "first_response_at, if no column says it",
        "+deleted": "(rows that are set aside)",
        "+author": "agent or customer_id",
    }.get(column, column)


def print_result(console, mapped):
    """Ten rows before and after, and what came out."""
    from rich.text import Text

    for part in mapped.plan.used:
        if part.guess.missing:
            continue
        headers = [header for pick in part.guess.picks.values() for header in pick.headers]
        headers = list(dict.fromkeys(headers))[:COLUMNS]
        places = [part.sample.columns.index(header) for header in headers]
        rows = [[row[place] if place < len(row) else None for place in places] for row in part.sample.rows[:ROWS]]
        print_rows(console, f"Before: {part.files[0].name}", headers, rows)
        if mapped.data is not None and part.table in mapped.data.tables:
            have = getattr(mapped.data, part.table)
            wanted = [
                column
                for column in TABLES[part.table].names
                if column in [*part.guess.picks, *made_columns(part)] and column in have.columns
            ]
            frame = _same_rows(part, have, wanted[:COLUMNS])
            print_rows(
                console,
                f"After: {part.table}",
                list(frame),
                frame.astype("object").where(frame.notna(), None).values.tolist(),
            )
    shares = parsed_shares(mapped)
    if shares:
        rows = [
            (f"{table}.{column}", f"{n:,}", "-" if share is None else f"{share:.1%}")
            for table, column, n, share in shares
        ]
        print_rows(
            console,
            "Times and numbers: filled, and the share that was read",
            ("column", "filled", "read"),
            rows,
            ROWS * 10,
        )
    for table, rows_in, used, odd in measures(mapped):
        console.print(Text(f"{table}: {rows_in:,} rows in, {used:,} used", style="bold"))
        for what, n in odd:
            console.print(Text(f"  {n:,} rows: {what}"))
            if what.startswith("duplicate id") and n > 0.01 * rows_in:
                column = TABLES[table].key[0]
                console.print(
                    Text(
                        f'  If these are no copies, the key has two columns: {column} = ["ONE", "OTHER"] below columns in answers.toml'
                    )
                )
    if mapped.data is not None:
        for note in mapped.data.notes:
            console.print(f"Note: {note}", markup=False)


def _same_rows(part, have, wanted):
    """The rows of a table that are shown before: by their key, where a column is it; in the same order."""
    key = TABLES[part.table].key[0]
    pick = part.guess.picks.get(key)
    if pick is None or pick.clock or key not in wanted:
        return have.select(wanted).limit(ROWS).execute()
    place = part.sample.columns.index(pick.header)
    keys = [row[place].strip() for row in part.sample.rows[:ROWS] if place < len(row) and row[place]]
    frame = have.filter(have[key].isin(keys)).select(wanted).limit(ROWS * 10).execute()
    order = {one: index for index, one in reversed(list(enumerate(keys)))}
    return frame.iloc[frame[key].map(order).argsort(kind="stable")]


def print_rows(console, title, heads, rows, most=ROWS):
    """A table of plain texts; what stands in the data is no markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", box=None, padding=(0, 1))
    for head in heads:
        table.add_column(Text(_short(head)), overflow="ellipsis", no_wrap=True)
    for row in rows[:most]:
        table.add_row(*(Text(_short(cell)) for cell in row))
    console.print(table)
    console.print()


def _short(value):
    text = "" if value is None else str(value)
    text = "".join(one if one.isprintable() else " " for one in text[:200])
    return text if len(text) <= WIDE else text[: WIDE - 1] + "…"

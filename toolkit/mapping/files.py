"""What source.toml says of the files of a source: their names, their form, and their columns."""

from toolkit.mapping.answers import toml
from toolkit.tables import TABLES


def below(file, root):
    """The name of a file as patterns have it: with its folder, where it isn't in the one that is given."""
    archive = next((folder for folder in file.parents if folder.is_file()), None)
    outer = archive or file
    folder = outer.parent.relative_to(root) if root and outer != root and outer.is_relative_to(root) else None
    is_below = folder is not None and folder.parts
    if archive:
        return f"{folder}/{file.name}" if is_below else file.relative_to(archive).as_posix()
    return f"{folder.as_posix()}/{file.name}" if is_below else file.name


def file_settings(part, root):
    """The lines of source.toml on the files of one part."""
    sample, picks = part.sample, part.guess.picks
    required = [column for column in TABLES[part.table].required if column in picks]
    needed = list(dict.fromkeys(header for column in required for header in picks[column].headers))
    outer = {name: place[0] for name, place in sample.inner.items()}
    needed = list(dict.fromkeys(outer.get(header, header) for header in needed))
    # of two that differ by their capitals the further one got a number: neither can be asked for by its name
    have = {header.lower() for header in sample.columns}
    needed = [header for header in needed if f"{header}_2".lower() not in have]
    names = [below(file, root) for file in part.files]
    escaped = ["".join(f"[{one}]" if one in "[*?" else one for one in name) for name in dict.fromkeys(names)]
    yield f'patterns = {toml(escaped)}  # add names such as "tickets-*.csv" for later exports'
    yield f"table = {toml(part.table)}"
    if sample.format == "sheet":
        yield 'format = "sheet"'
        yield f"sheet = {toml(sample.part)}"
    if sample.header_rows > 1:
        yield f"header_rows = {sample.header_rows}"
    if sample.format == "json" and sample.part:
        yield f"records = {toml(sample.part)}"
    if not sample.has_header:
        yield "header = false"
        yield f"delimiter = {toml(sample.delimiter)}"
        yield 'short_lines = "normal"'
        yield f"columns = {toml(sample.columns)}"
    yield f"requires = {toml(needed)}"
    further = [header for header in sample.columns if header not in needed and header not in outer]
    if further and sample.has_header:
        yield f"may_lack = {toml(further)}  # null in a file that has them not"

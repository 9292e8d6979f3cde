"""JSON: lists of records, an object a line, or one object; each key of a record a column, every value as text."""

import json
import re

from toolkit.errors import BadData
from toolkit.load.files.given import OURS
from toolkit.load.files.headers import name_columns, spelt
from toolkit.load.files.texts import batched, numbered_lines, read_text
from toolkit.load.sql import literal, quote

HEAD = 1 << 20  # bytes by which an object a line is told from one document
MOST_KEYS = 5_000  # more are no columns: an object whose keys are ids, say
OWN_ID = re.compile(r"id|uuid|\w+_id|[a-z]\w*I[dD]")  # keys that a record has, and a page of records has not
LONGEST = 16 << 20  # bytes of a record, as of a line of text
DEEPEST = 500  # lists and objects in one another
LONE = re.compile(r"(?<!\\)((?:\\\\)*)\\u(?:d[89ab][0-9a-f]{2}(?!\\ud[c-f])|d[c-f][0-9a-f]{2})", re.IGNORECASE)


def load(target, given):
    """The records of a JSON file into the raw table, one row each.

    A line that isn't JSON, or a record that is no object, goes to the ledger. Where the records lie is looked for in
    the order of `records` in source.toml; "" is the whole: a list, or an object as the only record.
    """
    start = read_text(given, lambda note: None, HEAD)
    refuse_bare(start, given)
    con = target.con
    con.execute("CREATE OR REPLACE TEMP TABLE documents(line BIGINT, document VARCHAR)")
    is_lines = is_object_a_line(start)
    (_read_lines if is_lines else _read_whole)(target, given)
    path = _path(target, given, "" if is_lines else start)
    con.execute(f"CREATE OR REPLACE TEMP TABLE listed AS {_listed(path)}")
    con.execute("DROP TABLE documents")
    why = f"it has no records at {path!r}" if path else "it is no object with keys"
    lost = con.execute("SELECT line, lost FROM listed WHERE lost IS NOT NULL ORDER BY line").fetchall()
    target.reject(given, [(line, text, why) for line, text in lost])
    number = "line" if is_lines and not path else "row_number() OVER (ORDER BY line, place)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE records AS SELECT {number} AS line, record, "
        "json_type(record) IS NOT DISTINCT FROM 'OBJECT' AS is_object FROM (SELECT line, "
        "coalesce(CAST(unnest(records) AS VARCHAR), 'null') AS record, generate_subscripts(records, 1) AS place "
        "FROM listed WHERE len(records) > 0)"
    )
    con.execute("DROP TABLE listed")
    longest = con.execute("SELECT max(strlen(record)) FROM records").fetchone()[0]
    if longest and longest > LONGEST:
        raise BadData(
            f"{given.shown}: holds a record of {longest >> 20:,} MB, and none is longer than {LONGEST >> 20} MB"
        )
    odd = con.execute("SELECT line, record FROM records WHERE NOT is_object ORDER BY line").fetchall()
    target.reject(given, [(line, text, "it is no object with keys") for line, text in odd])
    _flatten(target, given)
    con.execute("DROP TABLE records")


def refuse_bare(text, given):
    """An error for a text of JSON in which no record can be: an empty one, null, a number, a list without objects."""
    if not text.strip():
        raise BadData(f"{given.shown}: is empty; export it again, or take it away")
    if len(text) >= HEAD // 2:  # it may be cut
        return
    if text.count("\n") and is_object_a_line(text):
        return
    try:
        found = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return
    if isinstance(found, list) and not any(isinstance(one, dict) for one in found):
        what = "its list is empty" if not found else "its list holds no objects with keys"
    elif not isinstance(found, list | dict):
        what = f"it says only {text.strip()[:40]}"
    else:
        return
    raise BadData(f"{given.shown}: holds no records: {what}; export it again, or take it away")


def is_object_a_line(start):
    """Whether a text is one object a line; a list, or an object over many lines, isn't.

    >>> is_object_a_line('{"id": 1}\\n{"id": 2}\\n'), is_object_a_line('[{"id": 1},\\n{"id": 2}]')
    (True, False)
    """
    lines = [line for line in start.split("\n")[:200] if line.strip()]
    if start.lstrip().startswith("[") or len(lines) < 2:
        return False
    objects = sum(isinstance(parsed(line), dict) for line in lines)
    return objects * 2 >= len(lines) - 1 and objects > 0


def parsed(text):
    """What a text says as JSON; None where it is none."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _read_lines(target, given):
    import pyarrow

    con = target.con
    for batch in batched((row for row in numbered_lines(given, target.note) if row[1].strip()), 5_000):
        lines = pyarrow.table(
            {"line": [number for number, _ in batch], "document": [text for _, text in batch]},
            schema=pyarrow.schema([("line", pyarrow.int64()), ("document", pyarrow.large_string())]),
        )
        con.register("batch", lines)
        con.execute("INSERT INTO documents SELECT line, document FROM batch WHERE json_valid(document)")
        broken = con.execute("SELECT line, document FROM batch WHERE NOT json_valid(document)").fetchall()
        con.unregister("batch")
        lost = []
        for number, text in broken:
            mended = _mended(text)
            if mended is None:
                lost.append((number, text, f"it isn't JSON: {_why(text)}"))
            else:
                con.execute("INSERT INTO documents VALUES (?, ?)", [number, mended])
        target.reject(given, lost)


def _read_whole(target, given):
    text = read_text(given, target.note)
    if not target.con.execute("SELECT json_valid(?)", [text]).fetchone()[0]:
        mended = _mended(text)
        if mended is None:
            documents = one_after_another(text)
            if documents is None:
                raise BadData(f"{given.shown}: {where_wrong(text)}")
            target.con.executemany("INSERT INTO documents VALUES (?, ?)", documents)
            return
        text = mended
    target.con.execute("INSERT INTO documents VALUES (1, ?)", [text])


def _mended(text):
    """A text of JSON that only Python's reader takes, rewritten: half a character (`\\ud83d`), a bare tab; else None."""
    try:
        found = json.loads(LONE.sub(r"\1\\ufffd", text), strict=False)
        return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace").decode()
    except (ValueError, RecursionError):
        return None


def one_after_another(text, is_cut=False):
    """(number, text) of documents that follow one another without commas, as pages put together are; else None.

    Of a text that is cut the last may be broken off.

    >>> one_after_another('{"id": 1}{"id": 2}{"i'), one_after_another('{"id": 1}{"id": 2}{"i', is_cut=True)
    (None, [(1, '{"id": 1}'), (2, '{"id": 2}')])
    """
    decoder, at, found = json.JSONDecoder(strict=False), 0, []
    while at < len(text):
        blank = re.compile(r"\s*").match(text, at).end()
        if blank == len(text):
            break
        try:
            value, end = decoder.raw_decode(text, blank)
        except (ValueError, RecursionError):
            return (found or None) if is_cut else None
        if not isinstance(value, dict | list):
            return None
        found.append((len(found) + 1, text[blank:end]))
        at = end
    return found or None


def _why(text):
    """What is wrong with a line of JSON, in Python's words."""
    try:
        json.loads(text, strict=False)
    except ValueError as error:
        return str(error)
    except RecursionError:
        pass
    return "its lists and objects lie too deep within each other"


def where_wrong(text):
    """Where a document that isn't JSON goes wrong, and what to do."""
    if text.lstrip().startswith("<"):
        return "isn't JSON but a web page or XML, an error message perhaps; open it, and download it again"
    try:
        json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        at = len(text[: error.pos].encode("utf-8", "replace"))
        if error.pos >= len(text.rstrip()) - 1 or "Unterminated string" in error.msg:
            return (
                f"breaks off at byte {len(text.encode('utf-8', 'replace')):,}: the download was cut; download it again"
            )
        return f"isn't JSON from byte {at:,} on (line {error.lineno}): {error.msg}; download it again"
    except RecursionError:
        pass
    return "its lists and objects lie too deep within each other to be read"


def pointer(path):
    """A record path such as a.b as a JSON pointer.

    >>> pointer("a.b"), pointer("")
    ('/a/b', '')
    """
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path.split(".")) if path else ""


def _path(target, given, start):
    """The record path that fits: told by the source, or found in the beginning of a document."""
    told = told_paths(target.spec)
    if not target.con.execute("SELECT count(*) FROM documents").fetchone()[0]:
        raise BadData(f"{given.shown}: not one of its lines is JSON; download it again")
    for path in told:
        kind = f"json_type(document, {literal(pointer(path))})" if path else "json_type(document)"
        if target.con.execute(f"SELECT bool_or({kind} IN ('ARRAY', 'OBJECT')) FROM documents").fetchone()[0]:
            return path
    if told:
        keys = target.con.execute("SELECT json_keys(document) FROM documents ORDER BY line LIMIT 1").fetchone()[0]
        raise BadData(
            f"{given.shown}: has no records at {' or '.join(map(repr, told))}; its keys are: "
            f"{', '.join(keys[:20]) or 'none, it is a list'}"
        )
    if not start:
        return ""
    found = likely_paths(closed(start) if parsed(start) is None else parsed(start), target.spec.requires)
    return found[0] if found else ""


TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)


def closed(text):
    """The document of a text that was cut: what is open is closed after the last whole value; None when it isn't JSON.

    >>> closed('{"tickets": [{"id": 1, "tags": ["a"]}, {"id": 2, "ta')
    {'tickets': [{'id': 1, 'tags': ['a']}, {'id': 2}]}
    """
    stack, end, pending = [], 0, ""
    for token in TOKEN.finditer(text):
        mark = token[0]
        if mark in "{[":
            stack.append("}" if mark == "{" else "]")
            if len(stack) > DEEPEST:
                return None
            if mark == "[":
                end, pending = token.end(), "".join(reversed(stack))
        elif mark in "}]":
            if not stack or stack.pop() != mark:
                return None
            end, pending = token.end(), "".join(reversed(stack))
        elif mark == "," and stack:
            end, pending = token.start(), "".join(reversed(stack))
    return parsed(text[:end] + pending) if end else None


def told_paths(spec):
    """The paths at which a source says that the records lie; none where it leaves that to us."""
    if isinstance(spec.records, str):
        return [spec.records] if spec.records else []
    return list(spec.records)


def likely_paths(document, requires=()):
    """The paths at which the records of a parsed document may lie, the likeliest first.

    A list of objects is likelier than the object around it, the longest list the likeliest, but for an object with an
    id of its own, alone or under a single key, which is a record; where `requires` names columns, what has most of them is.

    Examples
    --------
    >>> likely_paths({"tickets": [{"id": 1}], "count": 1})
    ['tickets', '']
    >>> likely_paths({"ticketId": 1, "notes": [{"text": "a"}]})
    ['', 'notes']
    >>> likely_paths({"ticket": {"id": 1, "notes": [{"text": "a"}]}})
    ['ticket', 'ticket.notes', '']
    """
    found = []  # (columns that it has, length, path)
    wanted = {spelt(name) for name in requires}

    def look(value, path):
        if isinstance(value, dict):
            is_lone = not path or (path.count(".") == 0 and len(document) == 1)  # {"ticket": {...}}
            is_record = is_lone and any(OWN_ID.fullmatch(key) and key != "request_id" for key in value)
            found.append((_shared(wanted, value), (1 << 30) * is_record, path))
            if path.count(".") < 2:
                for key, inner in value.items():
                    if inner and isinstance(inner, dict | list) and "." not in key and key:
                        look(inner, f"{path}.{key}" if path else key)
        elif value and isinstance(value[0], dict):
            objects = [one for one in value[:20] if isinstance(one, dict)]
            found.append((max(_shared(wanted, one) for one in objects), len(value), path))

    if isinstance(document, list):
        return [""]
    if isinstance(document, dict):
        look(document, "")
    kept = [one for one in found if one[1] or not one[2]]
    return [path for *_, path in sorted(kept, key=lambda one: (-one[0], -one[1], one[2].count(".")))]


def _shared(wanted, keys):
    return len(wanted & set(map(spelt, keys)))


def _listed(path):
    """SQL: the records of each document as a list, or the document where it has none."""
    keys = "".join('."' + part.replace('"', '\\"') + '"' for part in path.split(".")) if path else ""
    kind = f"json_type(document, {literal(pointer(path))})" if path else "json_type(document)"
    one = f"json_extract(document, {literal(pointer(path))})" if path else "CAST(document AS JSON)"
    return (
        f"SELECT line, CASE kind WHEN 'ARRAY' THEN json_extract(document, {literal(f'${keys}[*]')}) "
        f"WHEN 'OBJECT' THEN [{one}] END AS records, "
        "CASE WHEN coalesce(kind, '') NOT IN ('ARRAY', 'OBJECT') THEN document END AS lost "
        f"FROM (SELECT line, document, {kind} AS kind FROM documents)"
    )


def _flatten(target, given):
    """The records of the temporary table into the raw one, a column a key."""
    con = target.con
    keys = [
        key
        for (key,) in con.execute(
            "SELECT key FROM (SELECT unnest(keys) AS key, generate_subscripts(keys, 1) AS place, line FROM "
            "(SELECT json_keys(record) AS keys, line FROM records WHERE is_object)) GROUP BY key ORDER BY min((line, place))"
        ).fetchall()
    ]
    if len(keys) > MOST_KEYS:
        raise BadData(
            f"{given.shown}: its records have {len(keys):,} keys, such as {keys[0][:40]!r} and {keys[1][:40]!r}; they are no "
            "columns. Say in source.toml where the records lie (records = [...])"
        )
    repeated = con.execute(
        "SELECT count(*) FROM records WHERE is_object AND len(json_keys(record)) > len(list_distinct(json_keys(record)))"
    ).fetchone()[0]
    if repeated:
        target.note(("notes.repeated_keys", {"file": given.name, "n": repeated}))
    columns, twice = name_columns(keys)
    if twice:
        target.note(("notes.twice", {"file": given.name, "names": twice}))
    pointers = ", ".join(literal(pointer_of(key)) for key in keys)
    cells = "".join(f"cells[{number}] AS {quote(column)}, " for number, column in enumerate(columns, 1))
    source = (
        f"SELECT line, json_extract_string(record, [{pointers}]) AS cells FROM records WHERE is_object"
        if keys
        else ("SELECT line FROM records WHERE is_object")
    )
    target.append(
        f"SELECT {cells}{literal(given.shown)} AS {OURS[0]}, line AS {OURS[1]} FROM ({source}) ORDER BY line", columns
    )


def pointer_of(key):
    """A JSON pointer to one key, whatever is in it.

    >>> pointer_of("a/b.c")
    '/a~1b.c'
    """
    return "/" + key.replace("~", "~0").replace("/", "~1")

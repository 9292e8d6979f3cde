"""From files to what is to be written: samples, guesses, and the questions that only a person can answer."""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from toolkit.errors import BadData
from toolkit.mapping.answers import UNITS, Answers, FileAnswers, check_against, toml
from toolkit.mapping.guess import SAID, Guess, guess_table
from toolkit.mapping.profile import profile, unit_of
from toolkit.mapping.sample import read_samples, with_header_rows
from toolkit.tables import CLOSED_STATUSES, KINDS, TABLES
from toolkit.vocabulary import fold, meaning, senses

MOST_CELLS = 400_000  # of a sample
MAIL = {"message_id": "message_id", "in_reply_to": "in_reply_to", "sent_at": "date", "text": "text", "+author": "from"}
CHANNEL = "unknown"  # where nobody says it


@dataclass
class Part:
    """One table of the export: the files that hold it, what is in it, and what is known of it."""

    name: str  # as source.toml calls it
    files: list
    sample: object
    guess: Guess
    answers: FileAnswers = field(default_factory=FileAnswers)

    @property
    def table(self):
        """The table that it fills; None where it is left out."""
        return self.guess.table

    def profile_of(self, column):
        """The profile of what fills a column of the contract; None where nothing does."""
        pick = self.guess.picks.get(column)
        return pick and self.guess.profiles[pick.clock or pick.header]

    @property
    def kept(self):
        """The columns that are kept under their own name; of an object the whole of it."""
        return [header for header in self.guess.kept if header not in self.sample.inner]

    @property
    def times(self):
        """The profiles of the times that are read."""
        picks = self.guess.picks.values()
        profiles = [self.guess.profiles[header] for pick in picks for header in pick.headers[:1]]
        return [one for one in profiles if one.kind == "time"]


@dataclass
class Question:
    """What only a person can know; `default` is taken where nobody is asked."""

    key: tuple  # path in the answers
    text: str
    default: object
    choices: tuple = ()
    why: str = ""

    @property
    def path(self):
        """The key in the answers file."""
        return ".".join(self.key)


@dataclass
class Plan:
    """What is to be written."""

    parts: list
    answers: Answers
    zone: str | None = None  # of service.toml beside the data
    root: Path | None = None  # what is given as the data: names of files are below it

    @property
    def used(self):
        """The parts that fill a table."""
        return [part for part in self.parts if part.table]

    @property
    def order(self):
        """The order of day and month: as it was said, else as the values of the sample settle it; None where they don't."""
        settled = {one.order for part in self.used for one in part.times} & {"dmy", "mdy"}
        return self.answers.date_order or (settled.pop() if len(settled) == 1 else None)


def make_plan(paths, answers=None, named="answers", zone=None, root=None):
    """The Plan of some files.

    Parameters
    ----------
    paths : list of Path
    answers : Answers, optional
    named : str
        Where they came from, for errors.
    zone : str, optional
        The time zone of service.toml, where it says one.
    root : Path, optional
        What is given as the data.
    """
    answers = answers or Answers()
    parts, rows = [], {}
    for path in paths:
        for sample in read_samples(path):
            alike = next(
                (
                    part
                    for part in parts
                    if part.sample.columns == sample.columns
                    and part.sample.part == sample.part
                    and part.sample.file != sample.file
                ),
                None,
            )
            if alike:
                alike.files.append(sample.file)
                rows[alike.name] += sample.rows
            else:
                name = _raw_name(sample, {part.name for part in parts})
                sample = with_header_rows(sample, answers.of(name).header_rows or sample.header_rows)
                parts.append(Part(name, [sample.file], sample, Guess(None)))
                rows[name] = list(sample.rows)
    bare = [part for part in parts if not rows[part.name]]
    if len(bare) == len(parts) and parts:
        raise BadData(
            f"{bare[0].files[0]}: names columns ({', '.join(bare[0].sample.columns[:10])}), and has no rows below them"
        )
    if not parts:
        raise BadData(f"{', '.join(map(str, paths))}: holds no table with rows")
    check_against(answers, {part.name: part.sample.columns for part in parts}, named)
    for part in parts:
        said = answers.of(part.name)
        columns = part.sample.columns
        sample = rows[part.name][: max(200, MOST_CELLS // max(1, len(columns)))]
        profiles = [
            profile(name, [row[i] if i < len(row) else None for row in sample]) for i, name in enumerate(columns)
        ]
        part.answers = said
        every, profiles = profiles, _plain_ones(profiles, part.sample, said)
        if said.table == "":
            part.guess = Guess(None, {}, {one.name: one for one in profiles})
        else:
            called = part.sample.part or Path(part.sample.file).name
            if part.sample.format == "mbox" and not said.table:
                part.guess = guess_table(profiles, called, "messages", (MAIL | said.columns).items())
                part.guess.missing = [column for column in part.guess.missing if column != "sender"]
                part.guess.profiles = {one.name: one for one in every}
                for column in MAIL.keys() - said.columns.keys():
                    part.guess.picks[column].why = "as mail has it"
                continue
            part.guess = guess_table(profiles, called, said.table, said.columns.items())
            if said.columns and not said.table and part.guess.table is None:
                part.guess = guess_table(profiles, called, "conversations", said.columns.items())
            part.guess.profiles = {one.name: one for one in every}
            if part.table:
                _widen_key(part, sample)
    return Plan(parts, answers, zone, root)


def _plain_ones(profiles, sample, said):
    """The profiles of what can fill a column: of an object its keys, and not the whole, unless that was said."""
    named = {one for headers in said.columns.values() for one in ([headers] if isinstance(headers, str) else headers)}
    whole = {column for column, _ in sample.inner.values()} - named
    return [one for one in profiles if one.name not in whole]


def _widen_key(part, rows):
    """Where different things share a key, the column that, with it, tells them apart.

    Rows of one key that began at different times are no copies of one thing: the numbers of calls of each line, say.
    """
    picks, columns = part.guess.picks, part.sample.columns
    key, time = picks.get(TABLES[part.table].key[0]), picks.get(TABLES[part.table].time)
    if not key or not time or key.why == SAID or len(TABLES[part.table].key) > 1:
        return
    place, begun = columns.index(key.header), [columns.index(header) for header in time.headers]
    filled = [row for row in rows if row[place]]
    times = {}
    for row in filled:
        times.setdefault(row[place], set()).add(tuple(row[one] for one in begun))
    again = len(filled) - len(times)
    if not again or sum(len(found) - 1 for found in times.values()) < again / 2:
        return
    for index, header in enumerate(columns):
        profile = part.guess.profiles[header]
        if (
            header in (key.header, *time.headers)
            or profile.kind not in ("words", "label", "number")
            or profile.filled < profile.n
        ):
            continue
        if len({(row[place], row[index]) for row in filled}) == len(filled):
            key.clock = header
            key.why += "; it comes again for other rows, and is a key with this column"
            return


def _raw_name(sample, taken):
    """A name for the raw table: of the file, or of the sheet or table in it; plain letters."""
    if sample.format in ("duckdb", "sqlite"):
        return sample.part
    stem = Path(sample.file).name.split(".")[0]
    name = re.sub(r"[^a-z0-9]+", "_", fold(stem)).strip("_")[:40] or "data"
    name = name if name[0].isalpha() else f"data_{name}"
    found, n = name, 2
    while found in taken:
        found, n = f"{name}_{n}", n + 1
    return found


def questions(plan):
    """What can't be known and isn't answered yet, each with its default."""
    asked = []
    for part in plan.parts:
        asked += _of_part(part)
    unsettled = [one for part in plan.used for one in part.times if one.order == "?"]
    settled = {one.order for part in plan.used for one in part.times} & {"dmy", "mdy"}
    if unsettled and len(settled) != 1 and not plan.answers.date_order:
        is_english = any(one.has_half for one in unsettled)
        asked.insert(0, Question(
            ("date_order",), f"Is {unsettled[0].example!r} ({unsettled[0].name}) written day first (dmy) or month first (mdy)?",
            "mdy" if is_english else "dmy", ("dmy", "mdy"), "no value of the sample settles it",
        ))  # fmt: skip
    naive = [one for part in plan.used for one in part.times if one.zoned < 1]
    if naive and not plan.answers.time_zone:
        asked.append(Question(
            ("time_zone",), f"In which time zone are the times, such as {naive[0].example!r} ({naive[0].name})?",
            plan.zone or "UTC", (), "as service.toml says" if plan.zone else "they have no offset, and no service.toml says it",
        ))  # fmt: skip
    return asked


def own_domain(part):
    """The domain of the addresses that answer: as was said, else the one that most mail goes to; "" where none is."""
    if part.answers.our_domain:
        return part.answers.our_domain.strip().lower().lstrip("@")
    place = part.sample.columns.index("to")
    domains = Counter(
        domain for row in part.sample.rows for domain in {*re.findall(r"@([\w.-]+)", (row[place] or "").lower())}
    )
    return domains.most_common(1)[0][0] if domains else ""


def _of_part(part):
    said, picks = part.answers, part.guess.picks
    if part.table == "messages" and part.sample.format == "mbox" and "sender" not in picks and not said.our_domain:
        yield Question(
            ("files", part.name, "our_domain"),
            "From addresses of which domain are customers answered?",
            own_domain(part),
            (),
            "most mail goes to it",
        )
    if part.guess.rivals and part.table and said.table is None:
        names = (part.table, *(name for name, _ in part.guess.rivals))
        yield Question(
            ("files", part.name, "table"),
            f"What is a row of {part.name}: {', '.join(f'{name} ({TABLES[name].row})' for name in names)}?",
            part.table,
            (*names, ""),
            "the columns fit more than one table",
        )
    if not part.table:
        return
    status = part.profile_of("status")
    if part.table == "conversations" and status is not None and status.values:
        words = list(status.values)
        guessed = {word: meaning("status", word) for word in words}
        for key, text in (
            ("closed", "Which of these words of {} mean that a conversation is closed?"),
            ("deleted", "Which mean that it was deleted, is spam or a test, and should be set aside?"),
            ("merged", "Which mean that it was merged into another?"),
        ):
            if getattr(said, key) is None:
                default = [word for word in words if guessed[word] == key]
                yield Question(
                    ("files", part.name, key),
                    text.format(status.name),
                    default,
                    tuple(words),
                    "of " + ", ".join(words[:12]),
                )
    if (
        part.table == "conversations"
        and "closed_at" not in picks
        and "updated_at" in picks
        and status is not None
        and status.values
        and "+solved_after" not in picks
        and said.closed_by_update is None
    ):
        yield Question(
            ("files", part.name, "closed_by_update"),
            f"No column says when one was closed. Take the last change ({picks['updated_at'].header}) of those whose status is closed as their close?",
            False, (True, False), "a later change that isn't the close would make them look slower",
        )  # fmt: skip
    if part.table == "conversations" and "channel" not in picks and said.channel is None:
        yield Question(
            ("files", part.name, "channel"),
            "No column says on which channel customers wrote. On which did they?",
            CHANNEL,
            (),
            "every conversation needs one",
        )
    scored = part.profile_of("score") or part.profile_of("+score")
    if scored is not None and said.kind is None and "kind" not in picks:
        head = set().union(*senses(scored.name), set())
        if scored.scale in ((0, 10), (1, 10)) and not head & set(KINDS):
            yield Question(
                ("files", part.name, "kind"),
                f"Is {scored.name} satisfaction (csat) or recommendation (nps)?",
                KINDS[0],
                KINDS,
                "scores from 0 to 10 may be both",
            )
    if said.unit is None:
        for column in ("+solved_after", "+answered_after"):
            one = part.profile_of(column)
            if one is not None and one.kind == "number" and unit_of(one.name) is None:
                yield Question(
                    ("files", part.name, "unit"),
                    f"What does {one.name} count, such as {one.example!r}?",
                    "hours",
                    tuple(UNITS),
                    "its header names no unit",
                )
                break


def answered(plan, given):
    """The Plan with answers to questions: {question's key: value}."""
    values = plan.answers.model_dump(exclude_none=True)
    for key, value in given.items():
        place = values
        for part in key[:-1]:
            place = place.setdefault(part, {})
        place[key[-1]] = value
    answers = Answers.model_validate(values)
    parts = []
    for part in plan.parts:
        said = answers.of(part.name)
        guess = part.guess
        if said.table is not None and (said.table or None) != part.table:
            every = part.guess.profiles
            known = _plain_ones(every.values(), part.sample, said)
            guess = (
                guess_table(known, part.name, said.table, said.columns.items())
                if said.table
                else Guess(None, {}, part.guess.profiles)
            )
            guess.profiles = every
        parts.append(replace(part, answers=said, guess=guess))
    return Plan(parts, answers, plan.zone, plan.root)


def is_closed(part):
    """The words of the status that count as closed, folded to lower case."""
    status = part.profile_of("status")
    if part.answers.closed is not None:
        return {word.strip().lower() for word in part.answers.closed}
    words = status.values if status is not None else ()
    return {word.lower() for word in words if meaning("status", word) == "closed" or word.lower() in CLOSED_STATUSES}


def refuse_unusable(plan):
    """An error where no file fills a table: what each lacks, and what to do.

    Raises
    ------
    BadData
    """
    wrong = []
    for part in plan.parts:
        lacks = list(part.guess.missing)
        if part.table and not lacks:
            continue
        listed = ", ".join(part.sample.columns[:20])
        if part.table:
            wrong.append(
                f"{part.files[0]}: looks like {part.table}, but nothing in it is {' or '.join(lacks)}, which {part.table} "
                f"can't do without; its columns are: {listed}"
            )
        else:
            near = (
                f" (nearest: {part.guess.rivals[0][0]}" + (f", which lacks {', '.join(lacks)})" if lacks else ")")
                if part.guess.rivals
                else ""
            )
            wrong.append(f"{part.files[0]}: its columns fit no table of the contract{near}; its columns are: {listed}")
    usable = [part for part in plan.used if not part.guess.missing]
    if not usable:
        raise BadData("\n".join(wrong) + f"\n{_remedy(plan)}")
    return wrong


def _remedy(plan):
    """What to write into an answers file, for the table that is nearest."""
    part = next((one for one in plan.parts if one.table), plan.parts[0])
    table = part.table or (part.guess.rivals[0][0] if part.guess.rivals else "conversations")
    wanted = part.guess.missing or [TABLES[table].time]
    named = toml(part.name)
    lines = [
        "Say which column is which in a text file such as answers.toml, and give it with --answers answers.toml:",
        f"  [files.{named}]",
        f"  table = {toml(table)}",
        f"  [files.{named}.columns]",
        *(f'  {column} = "HEADER"' for column in wanted),
        f"with the column of the file in place of each HEADER; other tables are {', '.join(name for name in TABLES if name != table)}",
    ]
    return "\n".join(lines)


def plan_zone(path):
    """The time zone that service.toml beside a path says; None where it says none."""
    from toolkit.service import load_service

    beside = Path(path) if Path(path).is_dir() else Path(path).parent
    if not (beside / "service.toml").is_file():
        return None
    service = load_service(beside / "service.toml")
    return service.time_zone if "time_zone" in service.model_fields_set else None

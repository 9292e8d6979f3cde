"""What is told of a result: a heading, a note, and what may be highlighted; and how clauses become these two."""

from dataclasses import dataclass, field
from itertools import product

from toolkit.words import sentence_case, text

LONGEST = 100  # characters of a heading
WORST = ("off", "near", "on")


@dataclass(frozen=True)
class Told:
    """What is told of a result.

    `heading` is the finding in one sentence without its full stop, `note` what else must be known ("" where nothing).
    `highlight` is the index label of the row that the heading names, None where it names none that is clearly
    different, and `is_alarm` whether that is for the worse. `shows`: whether the chart shows something that is worth its
    room; where not it is folded. `status` against the target, of the worst group: off, near, on, none. `is_changed`:
    something clearly changed or stands out, and `score` is its size over its uncertainty. `facts` are candidates for a report's headline, `tested` the p of all
    that was tested for them, uncorrected.
    """

    heading: str
    note: str = ""
    highlight: object = None
    shows: bool = True
    status: str = "none"
    is_changed: bool = False
    score: float = 0.0
    facts: list = field(default_factory=list)
    tested: list = field(default_factory=list)
    is_alarm: bool = False

    @property
    def sentence(self):
        """The heading and the note as prose."""
        form = "sentence.told" if self.note else "sentence.told_alone"
        return text(form, heading=self.heading, **({"note": self.note} if self.note else {}))


@dataclass(frozen=True)
class Clause:
    """Something that may be said: in full, and shorter for a heading that says another thing, too."""

    full: str
    shorter: tuple = ()
    detail: str = ""  # the figures, for the note where the heading tells the clause
    place: int | None = None  # of the row in the result
    fact: dict | None = None


def composed(clauses):
    """(heading, the clauses that it tells): the first ones, as fully as they fit.

    >>> composed([Clause("no channel reaches the target"), Clause("the phone fell clearly, " * 5, ("the phone fell",))])[0]
    'No channel reaches the target; the phone fell'
    """
    for told in (clauses[:2], clauses[:1]):
        for said in product(*[dict.fromkeys(filter(None, (one.full, *one.shorter))) for one in told]):
            heading = joined(said)
            if len(heading) <= LONGEST:
                return heading, told
    first = clauses[0]
    return sentence_case([one for one in (first.full, *first.shorter) if one][-1]), clauses[:1]


def joined(clauses):
    """Clauses as one heading.

    >>> joined(["no week stands out", "it is 5 %"])
    'No week stands out; it is 5 %'
    """
    heading, *others = clauses
    for other in others:
        heading = text("sentence.both", one=heading, other=other)
    return sentence_case(heading)


def note_of(clauses):
    """Clauses as sentences, one after another; what is said already isn't said again."""
    return " ".join(
        text("sentence.told_alone", heading=sentence_case(one)) for one in dict.fromkeys(filter(None, clauses))
    )


def worst(statuses):
    """The worst of some statuses.

    >>> worst(["on", "few", "off"]), worst(["few"])
    ('off', 'none')
    """
    return next((status for status in WORST if status in statuses), "none")

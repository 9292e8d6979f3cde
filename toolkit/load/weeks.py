"""The weeks of a data set, each read at its own end: how a figure moved, and how much it moves by itself."""

import dataclasses

from toolkit import clock, words
from toolkit.load import coverage
from toolkit.load.view import View

DOUBTS = ("notes.no_offset", "notes.contacts_end")  # told wherever the data is used
FEWEST_WEEKS = 4  # fewer say little of how much weeks differ


class Weeks(View):
    """A view that can be parted into weeks. What the data covers is `Data`'s to say."""

    @property
    def contacts_end(self):
        """The local day after which no contact came in though the data goes on; None where it doesn't end so.

        Known only where nobody said when the data was read: silence up to a time that is given is silence.
        """
        if self.as_of_reason != "newest event" or self.first_event is None or self._daily.empty:
            return None
        if "contacts_end" not in self._shared:
            until = clock.clock_time(self._shared["as_of"], self.zone).date() - clock.ONE_DAY
            closed = self.service.closed_days(clock.day_of(int(self._daily.index[-1])), until)
            self._shared["contacts_end"] = coverage.last_contact_day(self._daily, until, closed)
        return self._shared["contacts_end"]

    @property
    def notes_of_end(self):
        """What to know where contacts end before the data does."""
        return [] if self.contacts_end is None else [("notes.contacts_end", {"day": self.contacts_end})]

    @property
    def doubts(self):
        """Of the notes those on what had to be guessed, such as the zone of times without an offset."""
        return [words.note(note) for note in self._doubts]

    @property
    def plain_doubts(self):
        """The same for those who read a report: what was guessed, without columns and settings."""
        return [words.note((f"{key}_plain", about | {"zone": self.zone})) for key, about in self._doubts]

    @property
    def _doubts(self):
        return [note for note in (*self.notes_of_end, *self._notes) if note[0] in DOUBTS]

    def during(self, period):
        """The same data, restricted to another period (a text such as "2024-03", or a Period).

        A text such as "-28d" is seen from the newest event; where contacts end before, from the end of their last day.
        """
        if isinstance(period, str):
            end, seen = self.contacts_end, self.as_of
            if end is not None:
                seen = min(seen, clock.start_of_day(end + clock.ONE_DAY, self.zone))
            period = clock.parse_period(period, seen, self.zone)
        return super().during(period)

    def read_each(self, every):
        """The same rows, those of each day, week or month read at its own end (the last at as_of).

        Parameters
        ----------
        every : "day", "week" or "month"

        Returns
        -------
        Data whose tables have a column more: `read_at`, when the row was read
        """
        first, last = self._days
        if first is None:
            return self
        return self._view(spans=tuple(clock.spans_of(first, last, every, self.zone, self.as_of)), _numbered=False)

    @property
    def weeks_before(self):
        """The eight weeks before the period before, each read at its own end and as much later as the period is old.

        They say how much weeks differ by themselves. The tables have two columns more: `history_week`, 1 to 8, the
        oldest first, and `read_at`. `weeks` lists those that the data covers; one without a row is a week of zeros.
        None without a period before, or when the data covers fewer than four of the weeks.
        """
        if self.previous is None or self.first_event is None:
            return None
        weeks = clock.weeks_before(self.period, self.as_of)
        return self._weeks([week for week in weeks if week.first_day >= self._span[0]])

    @property
    def weeks_within(self):
        """The whole weeks within the period before and this one, as `weeks_before`; `week_periods` says which is whose.

        None for a period shorter than two weeks (of what has passed), and without a period before.
        """
        before = self.previous
        if before is None:
            return None
        both = [
            (name, week)
            for name, data in (("previous", before), ("current", self))
            for week in clock.weeks_within(data.period, data.as_of)
        ]
        spans = [dataclasses.replace(week, number=number) for number, (_, week) in enumerate(both, 1)]
        return self._weeks(spans, {number: name for number, (name, _) in enumerate(both, 1)})

    def _weeks(self, spans, week_periods=None):
        if len(spans) < FEWEST_WEEKS:
            return None
        label = f"{spans[0].first_day}..{spans[-1].last_day}"
        return self._view(
            period=clock.Period(spans[0].start, spans[-1].end, label, self.zone),
            as_of=max(span.read_at for span in spans),
            spans=tuple(spans),
            week_periods=week_periods or {},
            _numbered=True,
        )

    def read_later(self, by, latest):
        """The same weeks, each read by so much later, for what shows only then: whether customers came back, say.

        Parameters
        ----------
        by : timedelta
        latest : aware datetime
            When the data was read: no week is read later than that. `is_due` tells those that were to be.
        """
        if not by:
            return self
        read = [min(clock.later(span.read_at, by, self.zone), latest) for span in self.spans]
        spans = tuple(dataclasses.replace(span, read_at=at) for span, at in zip(self.spans, read, strict=True))
        return self._view(spans=spans, as_of=max([self.as_of, *read]))

    def is_due(self, span, by):
        """Whether a span is read so long after its end that all of it has had its time."""
        return not by or clock.later(span.end, by, self.zone) <= span.read_at

    @property
    def weeks(self):
        """The numbers of the weeks that `history_week` tells apart; empty for any other data."""
        return [span.number for span in self.spans] if self._numbered else []

    def last_weeks(self, count=13, numbered=False):
        """The last ISO weeks up to the period's end or as_of, whichever comes first, each read at its own end.

        Parameters
        ----------
        count : int
        numbered : bool
            Whether the tables have a column `history_week`, from 1, so that a metric is grouped by it in one query.

        Returns
        -------
        Data whose tables have the column `read_at`, and whose `spans` are the weeks, the oldest first; the last is of a
            part of a week where the period ends within it. None when the data reaches fewer than four of them.

        Examples
        --------
        >>> from toolkit import open_data
        >>> weeks = open_data("data/sample", period="2024-04").last_weeks()
        >>> len(weeks.spans), str(weeks.spans[0].first_day), str(weeks.spans[-1].first_day)
        (13, '2024-01-29', '2024-04-22')
        """
        return self._last("week", count, FEWEST_WEEKS, numbered)

    def last_months(self, count=13):
        """The last months up to the period's end or as_of, as `last_weeks`; None when the data reaches fewer than two."""
        return self._last("month", count, 2, False)

    def _last(self, every, count, fewest, numbered):
        if self.first_event is None:
            return None
        first, last = self._span
        if self.period.start is not None:
            last = min(last, self.period.last_day)
        spans = clock.spans_of(first, last, every, self.zone, self.as_of)[-count:] if first <= last else []
        if len(spans) < fewest:
            return None
        spans = [dataclasses.replace(span, number=number) for number, span in enumerate(spans, 1)]
        end = min(clock.start_of_day(last + clock.ONE_DAY, self.zone), spans[-1].end)
        period = clock.Period(spans[0].start, end, f"{spans[0].first_day}..{last}", self.zone)
        return self._view(period=period, spans=tuple(spans), week_periods={}, _numbered=numbered)

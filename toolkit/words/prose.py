"""Values as prose says them: whole percents from 10 % up, an interval once, no-break spaces before units."""

from toolkit.words.catalogue import number, percent, text


def duration_parts(seconds):
    """A duration as (number, unit), the unit being the one that people would use: s, min, h or d.

    >>> duration_parts(726), duration_parts(3599), duration_parts(86_400)
    (('12.1', 'min'), ('1', 'h'), ('24', 'h'))
    """
    if seconds == 86_400:  # as it is promised and expected
        return "24", "h"
    for unit, size, limit in (("s", 1, 60), ("min", 60, 60), ("h", 3600, 24), ("d", 86_400, float("inf"))):
        value = round(abs(float(seconds)) / size, 1)  # numpy's own numbers round 16.05 down, Python's up
        if value < limit:  # the rounded value decides: 59.97 min is 1 h
            value = -value if seconds < 0 else value
            return number(value, 0 if value == round(value) else 1), unit


def duration(seconds):
    """A duration as people say it.

    >>> duration(12_240), duration(45)
    ('3.4\\xa0h', '45\\xa0s')
    """
    shown, unit = duration_parts(seconds)
    return text(f"unit.{unit}", n=abs(seconds), shown=shown)


def points(value):
    """The size of a difference of two shares, without its sign.

    >>> points(-0.0512), points(0.01)
    ('5.1\\xa0points', '1\\xa0point')
    """
    size = round(abs(value) * 100, 1)
    return text("unit.points", n=size, shown=number(size, 0 if size == round(size) else 1))


def net(value, decimals=0):
    """A share for less a share against, from -1 to 1, as the field writes it: from −100 to 100.

    >>> net(0.306), net(-0.1234, 1), net(-0.001)
    ('31', '−12.3', '0')
    """
    shown = number(abs(value) * 100, decimals)
    return f"−{shown}" if value < 0 and any(char in "123456789" for char in shown) else shown


def value_text(value, unit):
    """A value as prose says it.

    >>> [value_text(value, "rate").replace("\\xa0", " ") for value in (0.1371, 0.0275, 0.997, 1, 0, 0.0002)]
    ['14 %', '2.8 %', '99.7 %', '100 %', '0 %', 'less than 0.1 %']
    >>> value_text(4.256, "score"), value_text(1200, "count"), value_text(-0.028, "points").replace("\\xa0", " ")
    ('4.26', '1,200', '2.8 points')
    >>> [value_text(value, "money") for value in (9.7, 99.996, 1234.5)]
    ['9.70', '100', '1,234']
    """
    if unit == "seconds":
        return duration(value)
    if unit == "points":
        return points(value)
    if unit == "net":
        return net(value)
    if unit == "rate" and 0 < value < 0.0005:
        return text("estimate.tiny", value=percent(0.001, 1))
    return percent(value, digits(value, unit)) if unit == "rate" else number(value, digits(value, unit))


def digits(value, unit):
    """How many decimals prose gives a value: of a share none from 10 % up, unless it would be rounded to 100 %."""
    if unit == "rate":
        percents = value * 100
        is_whole = abs(percents - round(percents)) < 1e-9 or (round(abs(percents), 1) >= 10 and round(percents) < 100)
        return 0 if is_whole else 1
    if unit == "money":  # cents count where there are few
        return 2 if round(abs(value), 2) < 100 else 0
    return 2 if unit == "score" else 0 if unit == "count" or value == round(value) else 1


def estimate(value, low, high, unit):
    """A value with its interval, and the unit once where all have the same.

    >>> estimate(0.1408, 0.11, 0.178, "rate").replace("\\xa0", " ")
    '14 % (11 to 18)'
    >>> estimate(2010, 1686, 2460, "seconds").replace("\\xa0", " ")
    '33.5 min (28.1 to 41)'
    >>> estimate(14_400, 10_080, float("nan"), "seconds").replace("\\xa0", " ")
    '4 h (2.8 h or more)'
    """
    shown = value_text(value, unit)
    if low != low or low == high:
        return shown
    if high != high:
        return text("estimate.open", value=shown, low=value_text(low, unit))
    low, high = ends(value, low, high, unit)
    return text("estimate.both", value=shown, low=low, high=high)


def ends(value, low, high, unit):
    """The two ends of a value's interval, without the unit where the value and both ends have the same.

    >>> ends(0.1408, 0.11, 0.178, "rate"), ends(30, 24, 35, "seconds"), ends(3300, 2900, 4000, "seconds")
    (['11', '18'], ['24', '35'], ['48.3\xa0min', '1.1\xa0h'])
    """
    if unit == "seconds":
        is_one_unit = len({duration_parts(one)[1] for one in (value, low, high)}) == 1
        return [duration_parts(end)[0] if is_one_unit else duration(end) for end in (low, high)]
    if unit == "points":
        return [number(end, 0 if end == round(end) else 1) for end in (round(low * 100, 1), round(high * 100, 1))]
    if unit == "net":
        return [net(low), net(high)]
    if unit == "rate":
        most = digits(value, unit) if value else 1
        return [number(end * 100, min(most, digits(end, unit))) for end in (low, high)]
    return [number(end, digits(value, unit)) for end in (low, high)]

"""Dates as Quarto reads and writes them: ``date``, ``date-format``.

A book never asks the clock: ``today``, ``now`` and ``last-modified`` are the moment that the project gives, its last
commit or SOURCE_DATE_EPOCH, so that the same sources make the same book.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

MOVING = ("today", "now", "last-modified")
FORMS = (
    "%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y", "%Y-%m-%d", "%d %m %Y", "%m %d, %Y", "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y",
)  # fmt: skip
"""How a date may be written, tried in this order; the months' names are English."""

STYLES = {
    "full": "dddd, MMMM D, YYYY",
    "long": "MMMM D, YYYY",
    "medium": "MMM D, YYYY",
    "short": "M/D/YY",
    "iso": "YYYY-MM-DD",
}

Moment = datetime.datetime


def _ordinal(day: int) -> str:
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


TOKENS: dict[str, Callable[[Moment], str]] = {
    "YYYY": lambda at: f"{at.year:04}",
    "YY": lambda at: f"{at.year % 100:02}",
    "MMMM": lambda at: f"{at:%B}",
    "MMM": lambda at: f"{at:%b}",
    "MM": lambda at: f"{at.month:02}",
    "M": lambda at: str(at.month),
    "DD": lambda at: f"{at.day:02}",
    "Do": lambda at: _ordinal(at.day),
    "D": lambda at: str(at.day),
    "dddd": lambda at: f"{at:%A}",
    "ddd": lambda at: f"{at:%a}",
    "dd": lambda at: f"{at:%a}"[:2],
    "d": lambda at: str(at.isoweekday() % 7),
    "HH": lambda at: f"{at.hour:02}",
    "H": lambda at: str(at.hour),
    "hh": lambda at: f"{at.hour % 12 or 12:02}",
    "h": lambda at: str(at.hour % 12 or 12),
    "mm": lambda at: f"{at.minute:02}",
    "m": lambda at: str(at.minute),
    "ss": lambda at: f"{at.second:02}",
    "s": lambda at: str(at.second),
    "SSS": lambda at: "000",
    "A": lambda at: f"{at:%p}",
    "a": lambda at: f"{at:%p}".lower(),
    "Q": lambda at: str((at.month + 2) // 3),
    "ZZ": lambda at: "+0000",
    "Z": lambda at: "+00:00",
}
"""The parts of a format; times are those of Greenwich."""
NAMES = {"MMMM", "MMM", "Do", "dddd", "ddd", "dd"}
"""The parts that are English words."""
PART = re.compile(r"\[(?P<text>[^\]]*)\]|(?P<token>" + "|".join(sorted(TOKENS, key=len, reverse=True)) + ")")
UNKNOWN = re.compile(r"[kXxwWgGz]")


def read(written: str, moment: Moment) -> Moment | None:
    """The date that somebody wrote; None where it is none. ``moment`` is what stands for today.

    >>> read("3/7/2005", Moment(2024, 1, 1)).date().isoformat()
    '2005-03-07'
    """
    if written in MOVING:
        return moment
    for form in FORMS:
        try:
            return Moment.strptime(written.strip(), form)
        except ValueError:
            continue
    return None


def write(at: Moment, form: str) -> str:
    """A date in a style or a format.

    >>> write(Moment(2005, 3, 7), "long"), write(Moment(2005, 3, 7), "[Week of] ddd Do MMM 'YY")
    ('March 7, 2005', "Week of Mon 7th Mar '05")
    """
    pattern = STYLES.get(form, form)
    return PART.sub(lambda found: TOKENS[found["token"]](at) if found["token"] else found["text"], pattern)


def trouble(form: str, lang: str) -> str:
    """Why a format cannot be used; empty when it can."""
    pattern = STYLES.get(form, form)
    if unknown := UNKNOWN.search(PART.sub("", pattern)):
        return f"the part {unknown[0]} of a date is not supported"
    names = {found["token"] for found in PART.finditer(pattern)} & NAMES
    if names and not lang.lower().startswith("en"):
        return f"{min(names)} would be English in a book whose lang is {lang}"
    return ""

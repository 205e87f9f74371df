"""The authors of a book: ``author`` as a name or as a record, the way that Quarto's title blocks take them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from book.errors import Fault
from book.settings import Settings, as_list

ORCID = re.compile(r"^(https?://orcid\.org/)?(?P<number>\d{4}-\d{4}-\d{4}-\d{3}[\dX])$")


@dataclass(frozen=True)
class Author:
    """Somebody who wrote the book; what is not known is empty."""

    name: str
    url: str = ""
    email: str = ""
    orcid: str = ""
    """The address of the record: ``https://orcid.org/…``."""
    affiliations: tuple[str, ...] = ()
    corresponding: bool = False

    @property
    def plain(self) -> bool:
        """Whether there is nothing to show but the name."""
        return not (self.url or self.email or self.orcid or self.affiliations or self.corresponding)


def authors(records: Any) -> list[Author]:
    """The authors that ``book: author:`` names.

    >>> authors({"name": {"given": "Ada", "family": "Lovelace"}, "url": "example.org"})[0].url
    'https://example.org'
    """
    people = _people(records)
    known = {item["id"]: item for person in people for item in _affiliations(person) if "id" in item}
    return [
        Author(
            _name(person.get("name", "")),
            _address(person.get("url", "")),
            person.get("email", ""),
            _orcid(person.get("orcid", "")),
            tuple(_words(known.get(item.get("ref"), item)) for item in _affiliations(person)),
            person.get("corresponding", False),
        )
        for person in people
    ]


def faults(settings: Settings, *place: str) -> Iterator[Fault]:
    """What is wrong with the records that the form of the YAML does not show."""
    people = _people(settings.get(*place))
    known = {item["id"] for person in people for item in _affiliations(person) if "id" in item}
    for number, person in enumerate(people):
        here = (*place, number) if isinstance(settings.get(*place), list) else place

        def fault(message: str, mend: str, *key: str, here: tuple = here) -> Fault:
            return Fault(settings.file, settings.line(*here, *key), "author", message, mend)

        if not _name(person.get("name", "")):
            yield fault("an author without a name", "write name: …")
        if person.get("orcid") and not _orcid(person["orcid"]):
            yield fault(f"{person['orcid']} is no ORCID", "write the four groups of four: 0000-0002-1825-0097", "orcid")
        for item in _affiliations(person):
            if "ref" in item and item["ref"] not in known:
                yield fault(f"no affiliation has the id {item['ref']}", "give one this id", "affiliation")
            elif "ref" not in item and not _words(item):
                yield fault("an affiliation without a name", "write name: …", "affiliation")


def _people(records: Any) -> list[dict[str, Any]]:
    return [record if isinstance(record, dict) else {"name": record} for record in as_list(records)]


def _name(name: Any) -> str:
    if isinstance(name, dict):
        parts = ("given", "dropping-particle", "non-dropping-particle", "family")
        return " ".join(name[part] for part in parts if part in name)
    return name


def _address(url: str) -> str:
    return url if not url or "://" in url else f"https://{url}"


def _orcid(written: str) -> str:
    found = ORCID.match(written)
    return f"https://orcid.org/{found['number']}" if found else ""


def _affiliations(person: dict[str, Any]) -> list[dict[str, Any]]:
    items = [*as_list(person.get("affiliation")), *as_list(person.get("affiliations"))]
    return [{"name": item} if isinstance(item, str) else item for item in items]


def _words(affiliation: dict[str, Any]) -> str:
    parts = ("department", "name", "city", "region", "state", "country")
    return ", ".join(affiliation[part] for part in parts if part in affiliation)

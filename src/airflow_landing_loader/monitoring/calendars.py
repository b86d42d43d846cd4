"""Days on which nothing is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date

from airflow_landing_loader.config.mapping.expectation import Expectation
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.yaml.values import did_you_mean
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, ErrorDetail

IsOff = Callable[[date], bool]


def days_off(expect: Expectation) -> IsOff:
    """Return what says of a day whether its calendar takes it out.

    :raises ConfigurationError: ``mapping.unknown_calendar``.
    """
    if isinstance(expect.calendar, str):
        return _named(expect.calendar)
    return expect.days_off.__contains__


def unknown_calendars(mappings: Iterable[TableMapping]) -> Iterator[ErrorDetail]:
    """Yield what is wrong with the calendars that mappings name."""
    for mapping in mappings:
        if mapping.expect is None or not isinstance(mapping.expect.calendar, str):
            continue
        try:
            days_off(mapping.expect)
        except ConfigurationError as error:
            file, _, line = mapping.origin.rpartition(":")
            at = int(line) if line.isdigit() else None
            yield replace(error.detail, file=file or None, line=at, key_path="expect.calendar")


def _named(name: str) -> IsOff:
    # Imported here: it takes half a second, which no DAG that is parsed shall pay.
    import holidays

    country, _, part = name.partition("-")
    try:
        if country in holidays.list_supported_countries(include_aliases=True):
            of_country = holidays.country_holidays(country, subdiv=part or None)
            return lambda day: day in of_country
        if not part and country in holidays.list_supported_financial(include_aliases=True):
            of_market = holidays.financial_holidays(country)
            return lambda day: day in of_market
        known = [*holidays.list_supported_countries(), *holidays.list_supported_financial()]
        hint = did_you_mean(country, known)
    except NotImplementedError:  # the package's word for a part that a country has not
        parts = holidays.list_supported_countries(include_aliases=True)[country]
        hint = did_you_mean(part, parts) or f"{country} has {', '.join(parts) or 'no parts'}."
    raise ConfigurationError(
        ErrorCode.MAPPING_UNKNOWN_CALENDAR,
        f"expect.calendar is {name}, of which the package holidays knows nothing",
        hint=hint
        or "Name a country as GB, a part of one as US-NY, a market as XNYS, or list the dates.",
    )

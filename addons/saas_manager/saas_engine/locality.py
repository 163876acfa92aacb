"""What follows from a country: language, time zone and paper, each a default that people may change."""

# Unicode CLDR: where people print on Letter. Everywhere else it is A4.
LETTER = frozenset("BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split())  # noqa: SIM905 - reads better
# Where most people live. The time zone database lists a country's zones by place, not by people.
CHIEF_TIME_ZONES = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "FM": "Pacific/Pohnpei",
    "GL": "America/Nuuk",
    "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty",
    "MX": "America/Mexico_City",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}


def paper(country):
    """Return `A4` or `Letter` for a country's code."""
    return "Letter" if country.upper() in LETTER else "A4"


def time_zone(country, zones):
    """Return a country's time zone.

    :param str country: its code
    :param list zones: its zones, as the time zone database lists them
    :return: the name of one of them, or "" where there is none
    """
    chief = CHIEF_TIME_ZONES.get(country.upper())
    return chief if chief in zones else next(iter(zones), "")


def language(country, codes):
    """Return the language that a country's people most likely want.

    :param str country: its code
    :param list codes: of the languages that there are, such as de_DE
    :return: one of them, or "" where a guess would be wrong for many: a country of several languages
    """
    own = [code for code in codes if code.split("@")[0].endswith(f"_{country.upper()}")]
    namesake = f"{country.lower()}_{country.upper()}"
    if namesake in own:
        return namesake
    return own[0] if len(own) == 1 else ""

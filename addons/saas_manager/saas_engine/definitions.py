"""What a setting is: its names, its type, and how its text becomes a value."""

import dataclasses
import re

from .errors import ConfigurationError

BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
DAYS = re.compile(r"\s*[0-9]{1,4}\s*(,\s*[0-9]{1,4}\s*)*")
DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


@dataclasses.dataclass(frozen=True)
class Definition:
    """One setting. Texts may be lazy translations.

    :param str name: key of the system parameter, such as ``saas.pool_max``
    :param str kind: ``text``, ``domain``, ``integer``, ``boolean``, ``choice``, or ``days``: numbers between commas
    :param default: the typed value that counts where neither environment nor parameter says another
    :param int minimum: of an integer
    :param int maximum: of an integer; None: no limit
    :param tuple choices: the values of a ``choice``
    """

    name: str
    kind: str
    default: object
    label: object
    help: object = ""
    minimum: int = 0
    maximum: int | None = None
    choices: tuple = ()

    @property
    def variable(self):
        """The environment variable that wins over the parameter, such as ``SAAS_POOL_MAX``."""
        return self.name.replace(".", "_").upper()

    @property
    def field(self):
        """The field on the settings page."""
        return self.name.replace(".", "_")

    def parse(self, text, source=None):
        """Return the typed value of a text that is not empty.

        :param str source: what to blame in the error; by default the parameter's key
        :raise ConfigurationError: the text is no such value; says what one looks like
        """
        source = source or self.name
        return getattr(self, f"_parse_{self.kind}")(text.strip(), source)

    def format(self, value):
        """Return a value as the system parameter stores it; `parse` reads it back."""
        return str(value)

    def _parse_text(self, text, source):
        return text

    def _parse_domain(self, text, source):
        domain = text.strip(".").lower()
        if len(domain) > 190 or not DOMAIN.fullmatch(domain):
            raise ConfigurationError(f"{source} is {text!r}: it must be a domain such as example.com.")
        return domain

    def _parse_integer(self, text, source):
        value = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None
        if value is None or value < self.minimum or (self.maximum is not None and value > self.maximum):
            upper = "" if self.maximum is None else f" and at most {self.maximum}"
            raise ConfigurationError(
                f"{source} is {text!r}: it must be a whole number, at least {self.minimum}{upper}."
            )
        return value

    def _parse_boolean(self, text, source):
        try:
            return BOOLEANS[text.lower()]
        except KeyError:
            raise ConfigurationError(f"{source} is {text!r}: it must be 1 or 0.") from None

    def _parse_days(self, text, source):
        if not DAYS.fullmatch(text):
            raise ConfigurationError(f"{source} is {text!r}: it must be whole numbers such as 1, 5, 10.")
        return ", ".join(str(number) for number in sorted({int(number) for number in text.split(",")}))

    @staticmethod
    def numbers(value):
        """Return the numbers in a value of the kind ``days``."""
        return tuple(int(number) for number in value.split(","))

    def _parse_choice(self, text, source):
        if text not in self.choices:
            raise ConfigurationError(f"{source} is {text!r}: it must be {' or '.join(self.choices)}.")
        return text

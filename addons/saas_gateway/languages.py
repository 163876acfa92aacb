"""What the gateway says, in the language of who reads it.

There may be no user and no database to ask which one that is: the browser says what its owner reads.
"""

import functools
from pathlib import Path

import polib
from babel.core import negotiate_locale
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

FOLDER = Path(__file__).parent / "i18n"
SOURCE = "en"


def _(text):
    """Mark a text for the translators: it is looked up when somebody reads it."""
    return text


def language_of(environ):
    """Return the code of the language that a request is answered in, such as "de".

    :param dict environ: the WSGI request
    """
    accepted = parse_accept_header(environ.get("HTTP_ACCEPT_LANGUAGE", ""), LanguageAccept)
    wanted = [language for language, quality in accepted if quality > 0]
    # Not `accepted.best_match`, which gives the German page to who prefers British English to German.
    return negotiate_locale(wanted, list(_translations()), sep="-") or SOURCE


def translate(text, language):
    """Return a text in a language; as it stands where there is no translation."""
    return _translations()[language].get(text, text)


@functools.cache
def _translations():
    return {SOURCE: {}, **{path.stem: _read(path) for path in sorted(FOLDER.glob("*.po"))}}


def _read(path):
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(path)) if entry.msgstr}

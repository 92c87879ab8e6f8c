"""A language's file: what may be said of it, and how its numbers are counted."""

from pathlib import Path

from election.runtime.language_file import LanguageEntry, read_language_file

FILE = r"""
msgid ""
msgstr ""
"Language: es\n"
"X-Locale: es-US\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgctxt "reply"
msgid "ok"
msgstr "vale"

msgid "{n} call"
msgid_plural "{n} calls"
msgstr[0] "{n} llamada"
msgstr[1] "{n} llamadas"

#, fuzzy
msgid "guessed"
msgstr "adivinado"

msgid "empty"
msgstr ""

msgid "{n} half"
msgid_plural "{n} halves"
msgstr[0] "{n} mitad"
msgstr[1] ""
"""


def test_only_what_is_whole_and_sure_is_said(tmp_path: Path) -> None:
    path = tmp_path / "es.po"
    path.write_text(FILE)
    file = read_language_file(path)
    assert file.entries == (
        LanguageEntry("reply", "ok", ("vale",)),
        LanguageEntry("", "{n} call", ("{n} llamada", "{n} llamadas"), counts=True),
    )
    assert (file.language, file.locale, file.plural(1), file.plural(2)) == ("es", "es-US", 0, 1)
    path.write_text(FILE.replace('"X-Locale: es-US\\n"\n', ""))
    assert read_language_file(path).locale == "es"

"""Language files hold each sentence that the war room says, with its places, and no other."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import flask
import pytest
from babel.messages.pofile import read_po

import dashboard.languages
from dashboard.browser import CATALOGUE, Scripts
from dashboard.languages import CHOICE, ENGLISH, add_languages, dated, languages, retold, spoken, tr, trn
from dashboard.languages.catalogue import PLACE, places_of, read_words
from dashboard.languages.messages import level, messages

FILES = sorted(Path(dashboard.languages.__file__).parent.glob("*.po"))


def test_the_war_room_says_many_sentences() -> None:
    said = {entry.english: entry for entry in messages()}
    assert len(said) > 1000
    assert said["Next to do"].file.startswith("dashboard/")
    assert said["{n} caller"].more == "{n} callers"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_language_file_is_level_with_the_code(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(path, tmp_path))
    level(copy, messages())
    assert copy.read_text("utf-8") == path.read_text("utf-8"), "run `make words`, and translate what is new"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_sentence_is_translated_with_its_places(path: Path) -> None:
    with path.open("rb") as file:
        po = read_po(file, locale=path.stem)
    wrong = []
    for entry in po:
        if not entry.id:
            continue
        english = entry.id if isinstance(entry.id, str) else entry.id[-1]
        given = [entry.string] if isinstance(entry.id, str) else list(entry.string or ())
        places = sorted(set(PLACE.findall(english)))
        if (
            entry.fuzzy
            or not all(given)
            or len(given) != (1 if isinstance(entry.id, str) else po.num_plurals)
        ):
            wrong.append(f"not translated: {english}")
        elif any(sorted(set(PLACE.findall(str(form)))) != places for form in given):
            wrong.append(f"other places: {english}: {given}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def server() -> flask.Flask:
    made = flask.Flask("words")
    made.secret_key = "k"
    add_languages(made, languages())
    return made


@pytest.fixture
def spanish(server: flask.Flask) -> Iterator[None]:
    with server.test_request_context(headers={"Accept-Language": "es-MX,es;q=0.9"}):
        yield


@pytest.mark.parametrize(
    ("asks", "chosen", "said"),
    [
        ("es-MX,es;q=0.9", "", "es"),
        ("es", "en", "en"),
        ("tlh", "", "en"),
        ("", "es", "es"),
        ("es", "gone", "es"),
    ],
)
def test_what_was_chosen_goes_before_what_the_browser_asks_for(
    server: flask.Flask, asks: str, chosen: str, said: str
) -> None:
    with server.test_request_context(headers={"Accept-Language": asks}):
        if chosen:
            flask.session[CHOICE] = chosen
        assert spoken().language == said


def test_nobody_in_particular_is_told_in_english() -> None:
    assert spoken() is ENGLISH
    assert trn("{n} call", "{n} calls", 1) == "1 call"
    assert tr("By##which hour") == "By"
    assert trn("{n} call", "{n} calls", 0) == "0 calls"
    assert tr("Last count {votes} at {at}.", votes="1,200", at="10:05") == "Last count 1,200 at 10:05."


@pytest.mark.usefixtures("spanish")
def test_sentences_numbers_and_days_in_spanish() -> None:
    assert tr("Last count {votes} at {at}.", votes=7, at="10:05") == "Último conteo 7 a las 10:05."
    assert [trn("{n} call", "{n} calls", n) for n in (0, 1, 2)] == ["0 llamadas", "1 llamada", "2 llamadas"]
    assert tr("nobody has translated {this}", this="x") == "nobody has translated x"
    assert dated(datetime(2026, 11, 3, 12, tzinfo=UTC), "%A", "EEEE d MMMM") == "martes 3 noviembre"


@pytest.mark.usefixtures("spanish")
def test_what_was_kept_in_english_is_told_by_its_template() -> None:
    assert retold("incident #4: #5: door") == "incidente n.º 4: #5: door"
    assert retold("84 behind its peers at 14:05, 93 % sure; line of 70 min, 1 open incident") == (
        "84 detrás de sus pares a las 14:05, certeza 93 %; fila de 70 min, 1 incidente abierto"
    )
    assert retold("its only count is held: below an accepted count (400)") == (
        "su único conteo está retenido: por debajo de un conteo aceptado (400)"
    )
    assert retold("a line of 70 minutes") == "a line of 70 minutes"


@pytest.mark.parametrize(
    ("template", "sentence", "found"),
    [
        ("{a} of {b} gone", "1 of 2 of 3 gone", {"a": "1", "b": "2 of 3"}),
        ("from {a}", "from ", {"a": ""}),
        ("{a} gone", "1 gone by", None),
        ("gone", "gone", {}),
        ("gone", "gone by", None),
    ],
)
def test_the_places_of_a_sentence(template: str, sentence: str, found: dict[str, str] | None) -> None:
    assert places_of(template, sentence) == found


def test_a_template_says_text_as_text(server: flask.Flask) -> None:
    with server.test_request_context(headers={"Accept-Language": "es"}):
        page = flask.render_template_string(
            '<p title="{{ tr("{name} sent here", name=name) }}">{{ trn("{n} call", "{n} calls", 2) }} '
            '{{ tr("a “lead\'s” <b> & \\"c\\"") }}</p>',
            name='<b>"A"</b>',
        )
    assert page == (
        '<p title="&lt;b&gt;&#34;A&#34;&lt;/b&gt; enviado aquí">2 llamadas '
        "a “lead's” &lt;b&gt; &amp; &#34;c&#34;</p>"
    )


def test_the_browser_finds_its_own_catalogue_at_its_own_address(server: flask.Flask) -> None:
    scripts = Scripts.read(languages())
    assert scripts.address("begin.js") == f"/script/{scripts.version}/begin.js"
    with server.test_request_context(headers={"Accept-Language": "es"}):
        folder = scripts.address("begin.js").split("/")[2]
    assert folder == f"{scripts.version}-es"
    english, spanish = scripts.found(scripts.version, CATALOGUE), scripts.found(folder, CATALOGUE)
    assert english is not None and spanish is not None and english != spanish
    given = json.loads(spanish.decode().removeprefix("export const catalogue = ").rstrip(";\n"))
    assert given["texts"]["Next to do"] == "Lo siguiente"
    assert given["forms"]["{n} caller"] == ["{n} llamador", "{n} llamadores"]
    assert (given["categories"]["one"], given["categories"]["other"]) == (0, 1)
    assert "This page was open too long. Please try again." not in given["texts"]  # Python says it
    assert scripts.found(folder, "begin.js") == scripts.content["begin.js"]


def test_numbers_and_days_follow_the_files_locale() -> None:
    """Spanish of the United States writes 1,234 as all around it do; Spain's 1.234 would be read as 1."""
    words = read_words(next(path for path in FILES if path.stem == "es"))
    assert words.locale == "es-US"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_of_its_language_what_cldr_does(path: Path, tmp_path: Path) -> None:
    fields = [
        line for line in path.read_text().splitlines() if not line.startswith(('"X-Name', '"X-Plurals'))
    ]
    (tmp_path / path.name).write_text("\n".join(fields))
    looked_up, said = read_words(tmp_path / path.name), read_words(path)
    assert said.said_categories and not looked_up.said_categories
    assert (said.name, said.categories()) == (looked_up.name, looked_up.categories())


# What the room's README names as another term, or what is Spain's.
NOT_OURS = re.compile(
    r"\brecinto|recuento|concurrencia|empadronad|línea de ayuda|identificador|papeleta|ensayo|móvil|"
    r"ordenador|délo|vosotros|\btu\b|\btus\b"
)


def test_spanish_says_one_word_for_one_thing() -> None:
    """One term for each thing, as README.md beside the file has it, and *usted* throughout."""
    words = read_words(next(path for path in FILES if path.stem == "es"))
    said = [*words.texts.values(), *(form for forms in words.forms.values() for form in forms)]
    assert [each for each in said if NOT_OURS.search(each.lower())] == []

"""What watchers text is read as they mean it, and what could mean two things is asked about."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from election.domain.checkin import Kind
from intake.languages.catalogues import load_catalogues
from intake.reading.grammar.fold import fold_marked
from intake.reading.grammar.tokens import plain_words
from intake.reading.grammar.words import CLASSES, Code, vocabulary
from intake.reading.reader import readings_of
from tests.intake.sample import ES, NOBODY, ONE, SENT, TWO, VI, ZH, sample_roster, sms

ROSTER = sample_roster()
SENDERS = {"one": ONE, "es": ES, "two": TWO, "zh": ZH, "vi": VI, "nobody": NOBODY}
EXAMPLES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "grammar_examples.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.get('from', 'one')}:{e['text']}")
def test_examples_read_as_meant(example) -> None:
    readings = readings_of(sms(example["text"], SENDERS[example.get("from", "one")]), ROSTER)
    assert len(readings) == len(example["expect"]), readings
    for reading, expected in zip(readings, example["expect"], strict=True):
        for key, value in expected.items():
            if key == "at":
                local = reading.observed_at.astimezone(ZoneInfo("America/New_York"))
                assert local.isoformat()[11 : 11 + len(value)] == value
            elif key == "roll_numbers":
                assert list(reading.roll_numbers) == value
            else:
                assert getattr(reading, key) == value, reading


def test_the_shared_examples_read_as_expected(shared) -> None:
    from election.domain.roster import roster_of
    from election.folder import read_election

    roster = roster_of(read_election(shared / "data" / "sample_county"))
    wrong = []
    for line in (shared / "data" / "sms_examples_2.jsonl").read_text("utf-8").splitlines():
        example = json.loads(line)
        readings = readings_of(sms(example["text"], example["from"]), roster)
        said = []
        for reading, expected in zip(readings, example["expect"], strict=False):
            found = {key: getattr(reading, key) for key in expected}
            if "roll_numbers" in found:
                found["roll_numbers"] = list(found["roll_numbers"])
            if "observed_at" in found:
                found["observed_at"] = found["observed_at"].isoformat()
            said.append(found)
        if said != example["expect"] or len(readings) != len(said):
            wrong.append((example["text"], said))
    assert not wrong


def test_a_time_without_am_or_pm_is_taken_only_where_one_moment_fits() -> None:
    afternoon = datetime(2026, 11, 3, 20, 0, tzinfo=UTC)  # 15:00
    (reading,) = readings_of(sms("412 at 2:15", sent_at=afternoon), ROSTER)
    assert reading.observed_at == datetime(2026, 11, 3, 19, 15, tzinfo=UTC)
    evening = datetime(2026, 11, 4, 1, 0, tzinfo=UTC)  # 20:00: 7:30 may be the morning's or the evening's
    (reading,) = readings_of(sms("412 at 7:30", sent_at=evening), ROSTER)
    assert (reading.kind, reading.question) == (Kind.QUESTION, "time")


def test_a_rehearsal_judges_times_on_its_own_day_without_opening_hours() -> None:
    rehearsal = SENT - timedelta(days=3)

    def rehearsed(text):
        return readings_of(sms(text, sent_at=rehearsal)._replace(rehearsal=True), ROSTER)

    (reading,) = rehearsed("412 at 6:30am")
    assert reading.kind == Kind.COUNT
    assert reading.observed_at.date() == (rehearsal).date()
    (reading,) = rehearsed("412 at 11:30am")
    assert reading.kind == Kind.QUESTION


def test_opt_out_words_of_the_carriers_are_opt_outs_and_nothing_else() -> None:
    for word in ("STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"):
        for text in (word, word.lower(), f"{word}.", f"please {word}", f"{word} thank you"):
            assert [r.kind for r in readings_of(sms(text), ROSTER)] == [Kind.STOP], text
        assert readings_of(sms(f"{word} 412"), ROSTER)[0].kind == Kind.QUESTION
        assert vocabulary().plain[word.lower()] == Code.STOP


def test_no_language_takes_a_command_word_of_another() -> None:
    """A word that is a command in one language must not be another command in the next."""
    commands = [name for name, code in CLASSES.items() if code in "XS?FZEV!HAY"]
    seen: dict[str, str] = {}
    for name in commands:
        for catalogue in load_catalogues().values():
            for term in catalogue.words[name]:
                key = " ".join(plain_words(fold_marked(term)))
                assert seen.setdefault(key, name) == name, term


def test_bare_letters_that_could_be_several_words_are_none_of_them() -> None:
    """`dung` may be dừng (stop) or đúng (right), `roi` rời (leave) or rồi (already)."""
    for word in ("dung", "roi", "cho", "doi"):
        assert vocabulary().plain[word] == Code.UNKNOWN, word


def test_a_long_text_is_left_to_people() -> None:
    assert readings_of(sms("412 " * 401), ROSTER)[0].kind == Kind.UNREAD

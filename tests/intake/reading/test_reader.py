"""A message of any channel becomes readings and entries of the log; nothing a body holds raises."""

import importlib
import inspect
import json
import pkgutil
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

import intake.reading
from election.domain.checkin import Channel, Kind
from election.domain.ids import check_in_id
from intake.reading.reader import check_ins_of, prepare, readings_of
from tests.intake.sample import NOBODY, ONE, SENT, TWO, sample_roster, sms

ROSTER = sample_roster()


def _form(sender="form:w1", channel=Channel.FORM, **report):
    return sms(json.dumps(report), sender, channel=channel)


def _entries(message):
    return check_ins_of(message, readings_of(message, ROSTER), ROSTER)


def test_no_text_waits_for_a_table_of_words() -> None:
    """Each is built by `prepare`, which intake calls before it serves: else the first texts hold it."""
    found = pkgutil.walk_packages(intake.reading.__path__, "intake.reading.")
    modules = [importlib.import_module(module.name) for module in found]
    tables = {
        f"{each.__module__}.{name}": each
        for module in modules
        for name, each in vars(module).items()
        if hasattr(each, "cache_clear") and not inspect.signature(each).parameters
    }
    assert len(tables) > 5
    for table in tables.values():
        table.cache_clear()
    prepare()
    assert [name for name, table in tables.items() if table.cache_info().currsize == 0] == []


def test_entries_have_stable_ids_and_say_who_where_and_when() -> None:
    message = sms("31-09 287 at 9:30, 31-10 199 at 9:40", TWO)
    first, second = _entries(message)
    assert first.check_in_id == check_in_id(message.message_id, 0)
    assert second.check_in_id == check_in_id(message.message_id, 1)
    assert (first.watcher_id, first.precinct_id, first.votes) == ("w3", "31-09", 287)
    assert first.observed_at.isoformat() == "2026-11-03T14:30:00+00:00"
    assert _entries(message) == _entries(message)


def test_details_hold_only_what_applies() -> None:
    assert _entries(sms("412"))[0].detail == {}
    assert _entries(sms("V 4 6-7"))[0].detail == {"roll_numbers": [4, 6, 7]}
    assert _entries(sms("line 20"))[0].detail == {"minutes": 20}
    assert _entries(sms("80 people in line"))[0].detail == {"people": 80}
    assert _entries(sms("! no paper"))[0].detail == {"text": "no paper", "incident": 41, "matter": "ballots"}
    assert _entries(sms("9999"))[0].detail == {"held": "above_registered"}
    offers = [{"kind": "count", "precinct_id": "31-07", "votes": 400}]
    about = {"question": "about", "guess": "400", "offers": offers}
    assert _entries(sms("about 400"))[0].detail == about
    assert _entries(sms("412", NOBODY))[0].detail == {"unknown_sender": True}
    assert _entries(sms("31-09 412"))[0].detail == {"off_roster": True}


def test_one_incident_at_a_shared_site_has_one_number() -> None:
    entries = _entries(sms("! fight outside", TWO))
    assert {entry.detail["incident"] for entry in entries} == {41}
    assert {entry.precinct_id for entry in entries} == {"31-09", "31-10"}


def test_the_form_names_its_precinct_and_its_text_takes_the_grammar() -> None:
    (entry,) = _entries(_form(precinct_id="31-07", votes=412, observed_at="2026-11-03T09:30:00-05:00"))
    assert (entry.kind, entry.votes, entry.watcher_id) == (Kind.COUNT, 412, "w1")
    assert entry.observed_at.isoformat() == "2026-11-03T14:30:00+00:00"
    (entry,) = _entries(_form("form:w3", precinct_id="31-09", text="287"))
    assert (entry.precinct_id, entry.votes) == ("31-09", 287)
    (entry,) = _entries(_form(precinct_id="31-07", kind="incident", text="Door is locked"))
    assert (entry.kind, entry.detail["text"]) == (Kind.INCIDENT, "Door is locked")
    (entry,) = _entries(_form(precinct_id="31-07", kind="voters", text="17 23 45-47"))
    assert entry.detail["roll_numbers"] == [17, 23, 45, 46, 47]
    (entry,) = _entries(_form(precinct_id="31-07", kind="line", text="45"))
    assert entry.detail == {"minutes": 45}
    (entry,) = _entries(_form(precinct_id="31-07", kind="here"))
    assert (entry.kind, entry.precinct_id) == (Kind.HERE, "31-07")


def test_a_batch_of_the_roll_is_what_a_text_of_v_says_and_takes_slips_back() -> None:
    (entry,) = _entries(
        _form(precinct_id="31-07", kind="voters", struck=["17", "0023", "18/1"], unstruck=["5"])
    )
    assert (entry.kind, entry.precinct_id) == (Kind.VOTERS, "31-07")
    assert entry.detail == {"roll_numbers": [17, 23], "roll_texts": ["18/1"], "unstruck": [5]}
    (entry,) = _entries(_form(precinct_id="31-07", kind="voters", struck=["17"]))
    (text,) = _entries(_form(precinct_id="31-07", kind="voters", text="17"))
    assert entry.detail == text.detail
    (entry,) = _entries(_form("form:w3", precinct_id="S-44", kind="voters", struck=["17"]))
    assert entry.detail == {"question": "which_precinct"}
    (entry,) = _entries(_form(precinct_id="31-09", kind="voters", struck=["17"]))
    assert entry.detail["off_roster"]


def test_one_number_may_be_said_for_a_whole_polling_site() -> None:
    (entry,) = _entries(_form("form:w3", precinct_id="S-44", votes=412))
    assert (entry.kind, entry.precinct_id, entry.votes, entry.detail) == (Kind.COUNT, "S-44", 412, {})
    (entry,) = _entries(_form("form:w3", precinct_id="S-44", votes=2701))  # 1,800 and 900 are registered
    assert entry.detail == {"held": "above_registered"}
    (entry,) = _entries(_form(precinct_id="S-44", votes=412))
    assert entry.detail == {"off_roster": True}
    for kind, more in (("here", {}), ("line", {"votes": 20}), ("incident", {"text": "Door is locked"})):
        entries = _entries(_form("form:w3", precinct_id="S-44", kind=kind, **more))
        assert [(e.kind, e.precinct_id) for e in entries] == [(kind, "31-09"), (kind, "31-10")]
    (entry,) = _entries(_form("form:w3", precinct_id="S-44", kind="voters", text="17 23"))
    assert entry.detail["question"] == "which_precinct"


def test_reports_that_cannot_be_placed_are_not_counted() -> None:
    assert _entries(_form(precinct_id="99-99", votes=4))[0].kind == Kind.QUESTION
    late = (SENT + timedelta(hours=1)).isoformat()
    assert _entries(_form(precinct_id="31-07", votes=4, observed_at=late))[0].detail == {"question": "time"}
    assert _entries(_form(precinct_id="31-07", votes=-4))[0].kind == Kind.UNREAD
    assert _entries(_form(precinct_id="31-07", kind="accept"))[0].kind == Kind.UNREAD
    assert _entries(_form("form:nobody", precinct_id="31-07", votes=4))[0].detail == {"unknown_sender": True}


def test_an_operator_vouches_for_a_report() -> None:
    (entry,) = _entries(_form("staff:op", Channel.HOTLINE, precinct_id="31-07", votes=9))
    assert entry.detail == {}
    (entry,) = _entries(_form(ONE, Channel.CSV, precinct_id="31-09", votes=9))
    assert entry.detail == {"off_roster": True}


def test_a_decision_keeps_its_own_fields() -> None:
    body = {"kind": "tie", "account": "ann", "detail": {"phone": NOBODY, "watcher_id": "w1"}}
    (entry,) = _entries(sms(json.dumps(body), "staff:ann", channel=Channel.STAFF))
    assert (entry.kind, entry.detail) == (Kind.TIE, body["detail"])
    body["kind"] = "count"
    (entry,) = _entries(sms(json.dumps(body), "staff:ann", channel=Channel.STAFF))
    assert entry.kind == Kind.UNREAD


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)),
    st.sampled_from(list(Channel)),
    st.sampled_from([ONE, "form:w1", "staff:x", "", NOBODY]),
)
def test_no_body_of_any_channel_raises(body, channel, sender) -> None:
    assert _entries(sms(body, sender, channel=channel))


def test_a_problem_box_opts_nobody_out() -> None:
    for text in ("stop", "no more texts", "STOP"):
        (entry,) = _entries(_form(precinct_id="31-07", kind="incident", text=text))
        assert (entry.kind, entry.detail["text"]) == (Kind.INCIDENT, text)

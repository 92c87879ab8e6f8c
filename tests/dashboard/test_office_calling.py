"""Forms about calling, and settings as they are shown: pure parts of the office's pages."""

import pytest
from pydantic import SecretStr

from dashboard.office.calling.calling_forms import (
    LIMITS,
    CallingFormError,
    limits_of,
    list_of,
    script_of,
    trial_of,
)
from election.postgres.service_settings import shown_value
from election.wire.callers import DispatchLimits, ListOrder, ScriptTrialOrder

GOOD = {
    "automatic": "yes", "least_probability": "0.7", "least_missing": "10", "most_precincts": "500",
    "most_callers": "50", "line_minutes": "45", "line_people": "100",
}  # fmt: skip


def test_limits_are_the_call_desks_own_and_an_unticked_box_is_no() -> None:
    assert set(LIMITS) == set(DispatchLimits.model_fields)
    assert DispatchLimits(**limits_of(GOOD)).automatic
    assert not limits_of({k: v for k, v in GOOD.items() if k != "automatic"})["automatic"]
    for name, wrong in (
        ("least_probability", "1.5"), ("least_probability", "x"), ("line_minutes", "0"),
        ("most_callers", "2.5"),
        ("least_missing", "-1"), ("least_missing", ""), ("least_missing", "nan"), ("most_precincts", "inf"),
    ):  # fmt: skip
        with pytest.raises(CallingFormError):
            limits_of(GOOD | {name: wrong})


def test_a_script_has_lines_by_language() -> None:
    text = "Hello {name}\n\n Will you vote? \n[es]\nHola {name}\r\n[en]\nThanks"
    assert script_of(text, "en") == {
        "en": ["Hello {name}", "Will you vote?", "Thanks"],
        "es": ["Hola {name}"],
    }
    for wrong in ("", " \n", "[es]", "x\n" * 9):
        with pytest.raises(CallingFormError):
            script_of(wrong, "en")


def test_a_trial_compares_two_at_least_under_names_of_their_own() -> None:
    two = {"name_a": "one", "script_a": "Hi", "name_c": "two", "script_c": "Hello"}
    assert list(ScriptTrialOrder(**trial_of(two, "en")).variants) == ["one", "two"]
    for change in ({"name_c": "one"}, {"name_c": ""}, {"script_a": ""}, {"name_a": "<b>"},
                   {"name_c": "", "script_c": ""}):  # fmt: skip
        with pytest.raises(CallingFormError):
            trial_of(two | change, "en")


def test_a_list_has_a_precinct_and_an_end() -> None:
    good = {"precinct": " K-01 ", "lines": "100", "hours": "2.5"}
    assert ListOrder(**list_of(good)) == ListOrder(precinct_id="K-01", lines=100, hours=2.5)
    for change in ({"precinct": ""}, {"lines": "0"}, {"lines": "1001"}, {"lines": "x"}, {"hours": "15"},
                   {"hours": "nan"}, {"hours": "0"}):  # fmt: skip
        with pytest.raises(CallingFormError):
            list_of(good | change)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (SecretStr("hush"), "set, not shown"), (SecretStr(""), "not set"), ("", "not set"), (None, "not set"),
        ("postgresql://me:hush@db/x", "set, not shown"),
        ("postgresql://db/x?password=hush", "set, not shown"),
        ("postgresql://a/x,me:hush@b/x", "set, not shown"), ("http://127.0.0.1:8401", "http://127.0.0.1:8401"),
        (18.0, "18.0"), (False, "False"),
    ],
)  # fmt: skip
def test_a_secret_is_never_shown(value: object, shown: str) -> None:
    assert shown_value(value) == shown

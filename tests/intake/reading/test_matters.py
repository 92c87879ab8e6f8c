"""What an alarm is about that a repair can end, and what a text says that is fixed: in every language."""

import pytest

from intake.reading.incidents import fixed_matter, incident_matter

ABOUT_PEOPLE = """man with a gun outside; voters being turned away; police here;
scanner down, a fight broke out; they wont let me in;
ballot stuffing; ramp is blocked; hay un hombre con pistola;
no dejan entrar;
một người cầm súng;
đánh nhau; 打架; 不让投票; machine jammed and people cannot vote""".replace("\n", " ").split("; ")

ABOUT_THINGS = {
    "machine": "machine 2 jammed; la máquina no funciona; no hay luz; máy hỏng; mất điện; 机器坏了; 停电了",
    "late_opening": "doors locked; opened late; 还没开门",
    "ballots": "out of ballots; hết phiếu; 选票用完了",
    "line": "line is 3 hours",
}

FIXED = {
    "machine": "printer fixed; 412, scanner is working again; power is back on; la máquina funciona bien; "
    "ya regresó la luz; máy đã sửa xong; có điện lại rồi; 机器修好了; 来电了",
    "late_opening": "doors opened on time at 7; ya abrieron; 已开门; judge arrived",
    "ballots": "more ballots arrived",
    "any": "its fixed now; problema resuelto; đã giải quyết xong; 问题已解决",
}


@pytest.mark.parametrize("text", ABOUT_PEOPLE)
def test_no_repair_is_about_people(text) -> None:
    assert incident_matter(text) is None


@pytest.mark.parametrize("matter", ABOUT_THINGS)
def test_alarms_of_things_have_a_matter(matter) -> None:
    assert {incident_matter(text) for text in ABOUT_THINGS[matter].split("; ")} == {matter}


@pytest.mark.parametrize("matter", FIXED)
def test_a_repair_names_its_matter(matter) -> None:
    assert {fixed_matter(text) for text in FIXED[matter].split("; ")} == {matter}


@pytest.mark.parametrize("text", ["ramp fixed", "no one is being turned away anymore"])
def test_what_is_no_matters_repair_ends_nothing(text) -> None:
    assert fixed_matter(text) is None

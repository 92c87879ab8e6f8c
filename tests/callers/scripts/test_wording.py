"""A script's lines, which staff write, hold names of fields and nothing that filling them in would act on."""

import pytest

from callers.scripts.wording import check_lines, script


@pytest.mark.parametrize(
    "line",
    [
        "{name.__class__.__mro__}", "{name[0]}", "{name:>999999999}", "{name!r}", "{name:{place}}", "{0}",
        "{}", "{voter}", "{name", "name}",
    ],
)  # fmt: skip
def test_a_line_with_more_than_a_fields_name_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="use the fields"):
        check_lines(["Hello.", line])


def test_fields_are_filled_in_once() -> None:
    lines = ["Hello {name}, this is {caller}.", "{{literally}} {place} until {closes}"]
    check_lines(lines)
    assert script("en", "{caller}", "Ann", "Hall", "20:00", lines) == [
        "Hello {caller}, this is Ann.", "{literally} Hall until 20:00"
    ]  # fmt: skip

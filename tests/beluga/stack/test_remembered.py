"""What a stack keeps of how it was started: its ports, and its address until that is set to nothing."""

import json
from pathlib import Path

import pytest

from beluga.stack.failures import CommandRefusedError
from beluga.stack.remembered import FILE, RememberedStart, remember, remembered

PUBLIC = "https://turnout.example"


def test_the_address_is_kept_until_another_or_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BELUGA_PUBLIC_URL", raising=False)
    assert remembered(tmp_path) == RememberedStart()
    remember(tmp_path, RememberedStart(9_000, PUBLIC))
    assert remembered(tmp_path) == RememberedStart(9_000, PUBLIC)
    for named in ("https://other.example", ""):
        monkeypatch.setenv("BELUGA_PUBLIC_URL", named)
        assert remembered(tmp_path) == RememberedStart(9_000, named)
    remember(tmp_path, remembered(tmp_path))
    monkeypatch.delenv("BELUGA_PUBLIC_URL")
    assert remembered(tmp_path) == RememberedStart(9_000, ""), "forgotten for good"


def test_a_file_of_another_shape_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"port": 1}))
    with pytest.raises(CommandRefusedError, match="remove it, and start with --port-base"):
        remembered(tmp_path)

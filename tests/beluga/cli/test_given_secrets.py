"""On a host of the cluster no stack made the secret: commands find it in the services' own file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from beluga.cli import callers, recount, reread
from election.access.tokens import Tokens
from tests.beluga.running import in_process

SECRET = "of the services, in a file of theirs"
FOUND: dict[str, Callable[[Path], Tokens]] = {
    "recount": lambda state: Tokens(recount._live(state)[1]),
    "reread": lambda state: Tokens(reread._live(state)[2]),
    "callers": lambda state: callers._service(state)[1],
}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "beluga_secret").write_text(SECRET + "\n")
    monkeypatch.setenv("BELUGA_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("BELUGA_CALLERS_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("BELUGA_SECRET", raising=False)
    return tmp_path / "state"


@pytest.mark.parametrize("command", FOUND)
def test_the_services_secret_signs(command: str, state: Path) -> None:
    signed = FOUND[command](state).sign("feed", {"role": "staff"})
    assert Tokens(SECRET).read("feed", signed, max_age=60)["role"] == "staff"


def test_links_are_signed_with_it(state: Path) -> None:
    asked = {"BELUGA_SECRETS_DIR": str(state.parent), "BELUGA_PUBLIC_URL": "https://x.example"}
    _, said = in_process(
        "links", "issue", "--all", "--state", state, url="postgresql://x@127.0.0.1:9/x", **asked
    )
    assert said.startswith("no writable PostgreSQL")  # it had what to sign with, and went on

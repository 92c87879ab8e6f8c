"""Keys of the API on running services: each scope opens its own call and no other, in its own counties.

The examples of `docs/reference/api.md` are what is sent.
"""

import json
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from election.access.routes import Who
from tests.security.house import KENT, Got, House

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True, slots=True)
class Example:
    """One request of the document. `url` as it is written there."""

    scope: str
    method: str
    url: str
    headers: dict[str, str]
    body: str


def examples() -> list[Example]:
    """Every curl of the document, with the scope of its heading's call."""
    found = []
    for block in re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL):
        words = iter(shlex.split(block.replace("\\\n", " "))[1:])
        method, url, body, headers = "GET", "", "", {}
        for word in words:
            match word:
                case "-X":
                    method = next(words)
                case "-H":
                    name, _, value = next(words).partition(": ")
                    headers[name] = value
                case "-d" | "--data-binary":
                    body = next(words)
                case _:
                    url = word
        scope = next(s for s in ("standings", "calls", "check-ins", "outcomes") if s in url)
        found.append(Example(scope, method, url, headers, body))
    return found


async def make(there: House, name: str, scopes: list[str], counties: list[str]) -> str:
    """A key made on the office's page by an admin."""
    form: list[tuple[str, str]] = [("csrf", there.csrf[Who.ADMIN]), ("name", name)]
    form += [("scopes", s) for s in scopes] + [("counties", c) for c in counties]
    got = await there.ask("dashboard", "POST", "/office/keys", headers=there.session(Who.ADMIN), data=form)
    shown = re.search(r'class="secret">(beluga_[^<]+)<', got.text)
    assert got.status == 200 and shown, got.text
    return shown[1]


async def send(there: House, example: Example, key: str, lease: str) -> Got:
    """The document's request, with what there is in the house."""
    path = example.url.removeprefix("$BELUGA").replace("$LIST", there.list_id)
    path = _UUID.sub(str(uuid4()), path) if "check-ins" in path else path
    headers = {name: value.replace("$KEY", key) for name, value in example.headers.items()}
    body = example.body
    if body.startswith("@"):
        body = f"lease_id,outcome\n{lease},no_answer\n"
    return await there.ask("dashboard", example.method, path, headers=headers, data=body or None)


async def tried(there: House) -> AsyncIterator[tuple[str, str, Any, Any]]:
    """(what, whose key, expected, got) of every example with every kind of key."""
    keys = {scope: await make(there, f"of {scope}", [scope], []) for scope in ("standings", "calls")}
    keys |= {scope: await make(there, f"of {scope}", [scope], []) for scope in ("check-ins", "outcomes")}
    staff = there.bearer(there.token(Who.STAFF))
    listed = await there.ask("callers", "GET", f"/lists/{there.list_id}", headers=staff)
    lease = listed.text.splitlines()[1].split(",")[0]
    for example in examples():
        for scope, key in keys.items():
            got = await send(there, example, key, lease)
            yield example.url, f"key of {scope}", 200 if scope == example.scope else 403, got.status
            if got.status == 200:
                yield example.url, "its answer", True, _holds(example, json.loads(got.text))
        for wrong in ("", "beluga_x", keys[example.scope][:-1], keys[example.scope][:-1] + "~"):
            yield example.url, "no key of ours", 401, (await send(there, example, wrong, lease)).status
    scopes = list(keys)
    sussex = await make(there, "Sussex alone", scopes, ["Sussex"])
    for example in examples():
        got = await send(there, example, sussex, lease)
        expected = {"standings": 403, "calls": 200, "check-ins": 422, "outcomes": 404}[example.scope]
        yield example.url, "key of Sussex", expected, got.status
        shown = [word for word in KENT if word in got.text]
        yield example.url, "key of Sussex sees of Kent", [], shown
    got = await there.ask("dashboard", "GET", "/api/v1/standings", headers=there.bearer(sussex))
    names = {row["precinct_id"] for row in json.loads(got.text)["standings"]}
    yield "/api/v1/standings", "key of Sussex sees", {"S-01", "S-02"}, names
    path = f"/office/keys/{sussex.split('_')[1]}/revoke"
    form = {"csrf": there.csrf[Who.ADMIN]}
    await there.ask("dashboard", "POST", path, headers=there.session(Who.ADMIN), data=form)
    got = await there.ask("dashboard", "GET", "/api/v1/standings", headers=there.bearer(sussex))
    yield "/api/v1/standings", "a key that was revoked", 401, got.status


def _holds(example: Example, answer: dict[str, Any]) -> bool:
    """Whether an answer is what the document says."""
    match example.scope:
        case "standings":
            rows = answer["standings"]
            return answer["fresh"] and {r["county"] for r in rows} == {"Kent"} and "state" in rows[0]
        case "calls":
            return "K-01" in {d["precinct_id"] for d in answer["dispatches"]}
        case "check-ins":
            return not answer["duplicate"] and "412" in answer["reply"]
        case _:
            return answer["recorded"] + answer["repeated"] == 1 and not answer["problems"]

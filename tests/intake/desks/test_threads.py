"""Everything said with a watcher is in one thread; staff answer from the unread desk, through the outbox."""

# ruff: noqa: F401, F811 (a fixture)

from typing import Any
from uuid import uuid4

from tests.intake.desks.test_desks import STRANGER, Desk, desk, until
from tests.intake.running import phone, until_drained

KENT: dict[str, Any] = {"role": "lead", "counties": ["Kent"]}
NOTED = ("thanks!", "Liked “Got it: 412 at 12-01. Wrong? Text FIX with the right number, or UNDO.”",
         "Automatic reply: I am out of office")  # fmt: skip


async def thread(desk: Desk, path: str, **who: Any) -> dict[str, Any]:
    await until_drained(desk.process.url)
    status, found = await desk.ask("GET", path, **who)
    assert status == 200, found
    return dict(found)


async def test_staff_answer_and_both_sides_stand_in_one_thread(desk: Desk) -> None:
    await desk.text("412")
    for words in NOTED:
        await desk.text(words)
    await desk.text("the dog sat on the ballot thing hmm")
    (item,) = await desk.items("unread")
    before = await thread(desk, f"/desks/unread/{item['id']}/thread")
    said = [(t["way"], t["text"].split(".")[0], t["kinds"]) for t in before["turns"]]
    assert said[:2] == [("in", "412", ["count"]), ("out", "Got it: 412 at 12-01", [])]
    assert [t["text"] for t in before["turns"] if t["kinds"] == ["noted"]] == list(NOTED)
    assert said[-1][:2] == ("out", "We could not read that; staff will look")
    assert {"number", "call"} <= {a["key"] for a in before["answers"]} and not before["unanswerable"]
    assert before["watcher_id"] == "w1"

    for other in ("unknown", "held", "incidents"):  # reactions, thanks, automatic replies: on no desk
        assert await desk.items(other) == []

    key, words = str(uuid4()), "Which dog? Call 311 — or text us again."
    body = {"key": key, "outcome": "answer", "text": words}
    for _ in range(2):  # pressed twice
        assert (await desk.ask("POST", f"/desks/unread/{item['id']}/finish", body, **KENT))[0] == 200
    assert await desk.items("unread") == []

    async def told() -> bool:
        turns = (await thread(desk, "/threads/w1"))["turns"]
        return any(t["purpose"] == "answer" and t["state"] == "sent" for t in turns)

    await until(told)
    turns = (await thread(desk, "/threads/w1"))["turns"]
    (answer,) = [t for t in turns if t["purpose"] == "answer"]
    assert answer["text"] == words.replace("—", "-"), "as written, in letters that cost no second segment"
    (resolved,) = [t for t in turns if t["kinds"] == ["resolve"]]
    assert resolved["by"] == "ann"
    sent = (desk.process.state / "intake" / "sent.jsonl").read_text().splitlines()
    assert len([line for line in sent if "Which dog" in line and phone(1) in line]) == 1


async def test_an_answer_respects_opting_out_and_counties(desk: Desk) -> None:
    await desk.text("mumble mumble hmm zzz", phone(2))
    (item,) = await desk.items("unread")
    path = f"/desks/unread/{item['id']}"
    answer = {"key": str(uuid4()), "outcome": "answer", "text": "Gracias"}
    assert (await desk.ask("POST", f"{path}/finish", answer, **KENT))[0] == 404
    assert (await desk.ask("GET", f"{path}/thread", **KENT))[0] == 404
    assert (await desk.ask("GET", "/threads/w2", **KENT))[0] == 404
    assert (await desk.ask("GET", "/threads/w2", role="caller"))[0] == 403
    spanish = {a["key"]: a for a in (await thread(desk, f"{path}/thread"))["answers"]}
    assert spanish["noted"] == {"key": "noted", "label": "Thank you, noted.", "text": "Gracias, anotado."}
    await desk.text("STOP", phone(2))
    assert "STOP" in (await thread(desk, "/threads/w2"))["unanswerable"]
    status, said = await desk.ask("POST", f"{path}/finish", answer)
    assert (status, "STOP" in said["error"]) == (422, True)
    assert len(await desk.items("unread")) == 1, "and it still waits"
    too_long = answer | {"key": str(uuid4()), "text": "x" * 481}
    assert (await desk.ask("POST", f"{path}/finish", too_long))[0] == 422


async def test_an_unknown_phone_has_a_thread_of_its_own(desk: Desk) -> None:
    await desk.text("12-01 77", STRANGER)
    await desk.text("12-02 78", STRANGER)
    item = (await desk.items("unknown"))[0]
    found = await thread(desk, f"/desks/unknown/{item['id']}/thread")
    assert [t["text"] for t in found["turns"] if t["way"] == "in"] == ["12-01 77", "12-02 78"]
    kent = await thread(desk, f"/desks/unknown/{item['id']}/thread", **KENT)
    assert [t["text"] for t in kent["turns"]] == ["12-01 77"], "a lead sees own counties alone"
    await desk.finish("unknown", item["id"], "tie", watcher_id="w1")
    tied = await thread(desk, "/threads/w1")
    assert [t["text"] for t in tied["turns"] if t["way"] == "in"] == ["12-01 77", "12-02 78"]

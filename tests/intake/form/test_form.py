"""The watcher's form, without JavaScript: one question a screen, twice sent is once counted."""

import asyncio
import re
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp

from election.access.tokens import Tokens
from election.postgres.database import connect
from intake.languages.catalogues import load_catalogues
from tests.intake.running import SECRET, IntakeProcess, an_election, import_election, until_drained

Make = Callable[..., IntakeProcess]
TOKENS = Tokens(SECRET)


def a_link(intake: IntakeProcess, watcher_id: str) -> str:
    return f"{intake.url}/w/{TOKENS.sign('watcher', {'w': watcher_id})}"


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


async def test_the_form_asks_keeps_and_says_what_it_understood(intake_at: Make, database_url: str) -> None:
    await import_election(database_url, an_election())
    intake = await intake_at(database_url).running()
    await intake.until_roster()
    async with aiohttp.ClientSession() as session:
        link = a_link(intake, "w1")
        async with session.get(link) as response:
            page = await response.text()
            assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "School 12-01" in page
        assert 'inputmode="numeric"' in page
        assert "<style" not in page  # the policy allows no inline style, nor a script that runs
        fields = hidden(page)
        for _ in range(2):  # an impatient thumb
            async with session.post(link, data=fields | {"answer": "1,204"}) as response:
                assert response.status == 200
                assert "1204" in await response.text()
        async with session.post(
            link, data=fields | {"answer": "1210"}
        ) as response:  # back, and another number
            assert response.status == 200
        async with session.post(link, data=fields | {"answer": "12x<"}) as response:
            assert response.status == 422
            page = await response.text()
            assert "digits" in page
            assert "12x&lt;" in page
        async with session.post(link, data={"answer": "4"}) as response:
            assert response.status == 400
        for ask, answer in (("line", "45"), ("problem", "machine 2 down"), ("voters", "17 23 45-48")):
            async with session.get(f"{link}?ask={ask}") as response:
                fields = hidden(await response.text())
            async with session.post(link, data=fields | {"answer": answer}) as response:
                assert response.status == 200
        async with session.get(link) as response:
            fields = hidden(await response.text())
        async with session.post(link, data=fields | {"answer": "9100"}) as response:
            page = await response.text()
        assert hidden(page)["ask"] == "yes", "a held count waits for one tap"
        async with session.post(link, data=hidden(page)) as response:
            assert response.status == 200
            assert hidden(await response.text()) == {}
        key, report = str(uuid4()), {"kind": "confirm", "precinct_id": "12-01", "text": "YES"}
        headers = {"Authorization": f"Bearer {link.rpartition('/')[2]}"}
        async with session.put(f"{intake.url}/checkins/{key}", json=report, headers=headers) as response:
            assert (await response.json())["held"] is False
        await until_drained(intake.url)
        for _ in range(200):  # nobody is on a roll here, which intake knows once it has asked the database
            async with session.get(link) as response:
                page = await response.text()
            if "ask=voters" not in page:
                break
            await asyncio.sleep(0.05)
        assert "ask=line" in page and "ask=voters" not in page and '"offered":["count"' in page
    connection = await connect(database_url)
    rows = await connection.fetch(
        "select kind, votes, precinct_id, watcher_id, channel, detail from check_ins order by seq"
    )
    await connection.close()
    assert [(r["kind"], r["votes"]) for r in rows] == [
        ("count", 1204), ("count", 1210), ("line", None), ("incident", None), ("voters", None),
        ("count", 9100), ("confirm", None), ("confirm", None),
    ]  # fmt: skip
    assert {(r["precinct_id"], r["watcher_id"], r["channel"]) for r in rows[:6]} == {("12-01", "w1", "form")}
    assert rows[2]["detail"]["minutes"] == 45
    assert rows[4]["detail"]["roll_numbers"] == [17, 23, 45, 46, 47, 48]


async def test_languages_choices_and_bad_links(intake_at: Make, database_url: str) -> None:
    await import_election(database_url, an_election())
    intake = await intake_at(database_url).running()
    await intake.until_roster()
    async with aiohttp.ClientSession() as session:
        async with session.get(a_link(intake, "w2")) as response:
            page = await response.text()
            assert 'lang="es"' in page
            assert "Enviar" in page
        async with session.get(a_link(intake, "w3")) as response:
            page = await response.text()
            assert page.count('class="choice"') == 4  # three precincts, and two that share a building as one
            assert "B-1 (12-01, 12-02)" in page
        for link in (a_link(intake, "nobody"), f"{intake.url}/w/forged", a_link(intake, "w1") + "x"):
            async with session.get(link) as response:
                assert response.status == 403
            async with session.post(
                link, data={"id": str(uuid4()), "ask": "count", "answer": "4"}
            ) as response:
                assert response.status == 403
        other_purpose = TOKENS.sign("caller", {"w": "w1"})
        async with session.get(f"{intake.url}/w/{other_purpose}") as response:
            assert response.status == 403


async def test_the_json_form_is_idempotent(intake_at: Make, database_url: str) -> None:
    await import_election(database_url, an_election())
    intake = await intake_at(database_url).running()
    await intake.until_roster()
    token = TOKENS.sign("watcher", {"w": "w1"})
    good = {"Authorization": f"Bearer {token}"}
    report = {"kind": "count", "precinct_id": "12-01", "votes": 412, "from": "a newer form"}
    url = f"{intake.url}/checkins/{uuid4()}"
    async with aiohttp.ClientSession() as session:
        async with session.put(url, json=report, headers=good) as response:
            assert response.status == 200
            first = await response.json()
            assert "412" in first["reply"]
        async with session.put(url, json=report, headers=good) as response:
            assert await response.json() == first | {"duplicate": True}
        for headers, body, status in (
            (good, report | {"votes": 413}, 409),
            (good, report | {"votes": -1}, 422),
            (good, report | {"observed_at": "2026-11-03T10:00:00"}, 422),
            ({}, report, 401),
        ):
            async with session.put(url, json=body, headers=headers) as response:
                assert response.status == status
                assert (await response.json())["error"]
        async with session.put(url, data=b"\xff", headers=good) as response:
            assert response.status == 422
        async with session.put(url, data=b"x" * 100_000, headers=good) as response:
            assert response.status == 413
        await until_drained(intake.url)
    connection = await connect(database_url)
    assert await connection.fetchval("select array_agg(votes) from check_ins") == [412]
    await connection.close()


def test_every_language_has_the_forms_words_and_their_fields() -> None:
    def fields(template: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name}

    catalogues = load_catalogues()
    english = catalogues["en"].form
    assert english
    for language, catalogue in catalogues.items():
        assert set(catalogue.form) == set(english), language
        for key, words in catalogue.form.items():
            assert fields(words) == fields(english[key]), (language, key)
            assert words.strip() == words


async def test_a_phone_whose_clock_runs_fast_still_counts(intake_at: Make, database_url: str) -> None:
    await import_election(database_url, an_election())
    intake = await intake_at(database_url).running()
    await intake.until_roster()
    token = TOKENS.sign("watcher", {"w": "w1"})
    good = {"Authorization": f"Bearer {token}"}
    soon = datetime.now(UTC) + timedelta(hours=1)
    url = f"{intake.url}/checkins/{uuid4()}"
    async with aiohttp.ClientSession() as session:
        report = {"precinct_id": "12-01", "votes": 412, "observed_at": soon.isoformat()}
        for duplicate in (False, True):
            async with session.put(url, json=report, headers=good) as response:
                answer = await response.json()
                assert (answer["duplicate"], answer["asks"]) == (duplicate, False)
        async with session.put(url, json=report | {"observed_at": None}, headers=good) as response:
            assert (await response.json())["duplicate"]  # the same report, judged by another clock
        held = {"precinct_id": "12-01", "votes": 9999}
        async with session.put(f"{intake.url}/checkins/{uuid4()}", json=held, headers=good) as response:
            assert (await response.json())["asks"]
        async with session.get(f"{intake.url}/w/{token}/manifest.json") as response:
            assert (await response.json())["start_url"] == f"/w/{token}"
        async with session.get(f"{intake.url}/w/forged/manifest.json") as response:
            assert response.status == 403
        async with session.get(f"{intake.url}/w/worker.js") as response:
            worker = await response.text()
        page = await (await session.get(f"{intake.url}/w/{token}")).text()
        for name in re.findall(r'(?:src|href)="(/w/-/[^"]+)"', page):
            async with session.get(intake.url + name) as response:
                assert "immutable" in response.headers["Cache-Control"]
        version = re.search(r'VERSION = "(\w+)"', worker)
        assert version
        assert f"/w/-/{version[1]}/form.js" in page
        async with session.get(f"{intake.url}/w/-/old/form.js") as response:
            assert response.headers["Cache-Control"] == "no-store"
        async with session.get(f"{intake.url}/w/-/old/__init__.py") as response:
            assert response.status == 404
        await until_drained(intake.url)
    connection = await connect(database_url)
    rows = await connection.fetch("select votes, observed_at, sent_at from check_ins order by seq")
    await connection.close()
    assert [row["votes"] for row in rows] == [412, 9999]
    assert rows[0]["observed_at"] == rows[0]["sent_at"]

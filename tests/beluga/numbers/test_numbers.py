"""Numbers are found, bought and pointed here by their providers' APIs; a text makes the whole way."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from beluga.numbers.accounts import answers_here
from beluga.numbers.provider import NumberSearch, NumbersProvider, ProviderRefusedError
from beluga.numbers.telnyx import TelnyxNumbers
from beluga.numbers.trip import round_trip
from beluga.numbers.twilio import TwilioNumbers
from beluga.readiness.examination import registration
from beluga.stack.ports import free_port
from election.postgres.database import connect
from intake.outbound_settings import OurNumber
from intake.settings import IntakeSettings
from tests.beluga.numbers.providers import ACCOUNT, API_KEY, FIRST, SECOND, TOKEN, TOLL_FREE, FakeAccount
from tests.intake.running import PUBLIC_URL, IntakeProcess, an_election, import_election

HOOK = f"{PUBLIC_URL}/sms/twilio"


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeAccount]:
    account = FakeAccount(public=PUBLIC_URL)
    runner = web.AppRunner(account.app())
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    account.base = f"http://127.0.0.1:{port}"
    yield account
    await runner.cleanup()


@pytest_asyncio.fixture
async def twilio(fake: FakeAccount) -> AsyncIterator[TwilioNumbers]:
    account = TwilioNumbers(ACCOUNT, TOKEN, fake.base)
    yield account
    await account.close()


@pytest_asyncio.fixture
async def telnyx(fake: FakeAccount) -> AsyncIterator[TelnyxNumbers]:
    account = TelnyxNumbers(API_KEY, fake.base)
    yield account
    await account.close()


@pytest.fixture(params=["twilio", "telnyx"])
def each(request: pytest.FixtureRequest, twilio: TwilioNumbers, telnyx: TelnyxNumbers) -> NumbersProvider:
    return twilio if request.param == "twilio" else telnyx


async def test_found_bought_and_pointed_here(fake: FakeAccount, each: NumbersProvider) -> None:
    offers = await each.offers(NumberSearch(area="215"))
    assert offers[0].price().startswith("1.") and "USD a month" in offers[0].price()
    hook = f"{PUBLIC_URL}/sms/{each.name}"
    bought = await each.buy(offers[0].number, hook, "https://second.example/sms")
    assert answers_here(each.name, bought, PUBLIC_URL)
    (held,) = await each.held()
    assert (held.number, held.answers_at, held.fallback) == (
        offers[0].number,
        hook,
        "https://second.example/sms",
    )


async def test_what_went_elsewhere_is_turned_here(fake: FakeAccount, each: NumbersProvider) -> None:
    fake.holds(FIRST, SECOND)
    hook = f"{PUBLIC_URL}/sms/{each.name}"
    before = await each.held()
    assert [n.number for n in before] == [FIRST, SECOND], "on every page"
    assert not any(answers_here(each.name, n, PUBLIC_URL) for n in before)
    for number in before:
        await each.point(number, hook, hook)
    assert all(answers_here(each.name, n, PUBLIC_URL) for n in await each.held())
    assert len(fake.profiles) <= 1, "one profile of ours, however often it is pointed"


async def test_a_messaging_service_that_answers_for_its_numbers_is_turned_too(
    fake: FakeAccount, twilio: TwilioNumbers
) -> None:
    fake.holds(FIRST)
    fake.serves(FIRST, inbound_request_url="https://old.example/")
    (held,) = await twilio.held()
    await twilio.point(held, HOOK, HOOK)
    (held,) = await twilio.held()
    assert held.answers_at == HOOK


@pytest.mark.parametrize(
    ("state", "found"),
    [(None, "missing"), ("VERIFIED", "ready"), ("IN_PROGRESS", "waiting"), ("FAILED", "refused")],
)
async def test_twilios_campaign(
    fake: FakeAccount, twilio: TwilioNumbers, state: str | None, found: str
) -> None:
    fake.holds(FIRST, TOLL_FREE)
    fake.serves(FIRST)
    if state:
        fake.campaigns["MG0"] = state
    local, toll_free = await twilio.held()
    assert (await twilio.registration(local)).state == found
    assert (await twilio.registration(toll_free)).state == "missing"
    fake.verifications[toll_free.key] = "TWILIO_APPROVED"
    assert (await twilio.registration(toll_free)).state == "ready"


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (None, "missing"),
        ("ASSIGNED", "ready"),
        ("PENDING_ASSIGNMENT", "waiting"),
        ("FAILED_ASSIGNMENT", "refused"),
    ],
)
async def test_telnyxs_campaign(
    fake: FakeAccount, telnyx: TelnyxNumbers, state: str | None, found: str
) -> None:
    fake.holds(FIRST, TOLL_FREE)
    if state:
        fake.campaigns[FIRST] = state
    local, toll_free = await telnyx.held()
    assert (await telnyx.registration(local)).state == found
    assert (await telnyx.registration(toll_free)).state == "missing"
    fake.verifications[TOLL_FREE] = "Waiting For Customer"
    waiting = await telnyx.registration(toll_free)
    assert waiting.state == "waiting" and "portal" in waiting.line()


async def test_a_refusal_is_told_in_the_providers_words(fake: FakeAccount, twilio: TwilioNumbers) -> None:
    fake.holds(FIRST)
    with pytest.raises(ProviderRefusedError, match=r"Twilio says 400: .* not available \(21422\)"):
        await twilio.buy(FIRST, HOOK, HOOK)
    stranger = TelnyxNumbers("another key", fake.base)
    with pytest.raises(ProviderRefusedError, match="Authentication failed: No such key"):
        await stranger.held()
    await stranger.close()
    nobody = TwilioNumbers(ACCOUNT, TOKEN, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ProviderRefusedError, match="cannot be reached"):
        await nobody.held()
    await nobody.close()


async def test_the_whole_way_of_a_text_and_no_talk_between_our_own_numbers(
    fake: FakeAccount, twilio: TwilioNumbers, tmp_path: Path, database_url: str
) -> None:
    """One number texts the other; its webhook keeps the text, and answers nothing that would be answered."""
    fake.holds(FIRST, SECOND)
    for number in await twilio.held():
        await twilio.point(number, HOOK, HOOK)
    await import_election(database_url, an_election())
    connection = await connect(database_url)
    ours = json.dumps([{"number": FIRST, "provider": "twilio"}])
    intake = IntakeProcess(tmp_path, database_url, more={"BELUGA_OUTBOUND_NUMBERS": ours})
    await intake.running()
    try:
        await intake.until_roster()
        fake.door = intake.url
        said = await round_trip(connection, [twilio], seconds=60)
        assert said.startswith(f"{FIRST} to {SECOND}: ") and "in the database" in said
        assert "<Message>" not in fake.replies[0]
        await fake.bring("+12155559998", SECOND, "hello?")
        assert "<Message>" in fake.replies[1], "a stranger's is answered"
        with pytest.raises(ProviderRefusedError, match="nothing came within 1 s"):
            await round_trip(connection, [twilio], to="+12155559997", seconds=1, tell=lambda _: None)
        with pytest.raises(ProviderRefusedError, match="no account holds"):
            await round_trip(connection, [twilio], sender="+12155559996")
    finally:
        intake.end()
        await connection.close()


@pytest.mark.parametrize(
    ("pointed", "state", "said"),
    [
        (True, "VERIFIED", "1 numbers answer here, and carriers know them"),
        (True, "IN_PROGRESS", f"{FIRST}: 10DLC campaign CFOOBAR IN_PROGRESS"),
        (False, "VERIFIED", f"texts to {FIRST} go to https://demo.twilio.com/welcome/sms/reply"),
    ],
)
async def test_preflight_asks_the_provider(
    fake: FakeAccount, twilio: TwilioNumbers, pointed: bool, state: str, said: str
) -> None:
    fake.holds(FIRST)
    fake.serves(FIRST, use_inbound_webhook_on_number=True)
    fake.campaigns["MG0"] = state
    if pointed:
        await twilio.point((await twilio.held())[0], HOOK, HOOK)
    ours = [{"number": FIRST, "provider": "twilio"}]
    settings = IntakeSettings.model_validate(
        {
            "twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN, "twilio_api_url": fake.base,
            "outbound_numbers": ours,
        }
    )  # fmt: skip
    (finding,) = await registration(settings, PUBLIC_URL)
    assert (finding.said, finding.passed) == (said, said.startswith("1 numbers"))
    missing = settings.model_copy(update={"outbound_numbers": [OurNumber(number=SECOND, provider="twilio")]})
    (finding,) = await registration(missing, PUBLIC_URL)
    assert finding.said == f"{SECOND} is not held at twilio" and not finding.passed
    assert await registration(IntakeSettings.model_validate({"outbound_numbers": []}), PUBLIC_URL) == []

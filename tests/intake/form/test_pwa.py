"""The watcher's form on a phone: without signal, with an impatient thumb, with a revoked link."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from election.access.watcher_links import issue, reissue, revoke
from election.domain.checkin import Kind
from election.postgres.database import connect
from intake.photos.shelf import PhotoShelf
from intake.reading.reader import readings_of
from tests.axe import VIOLATIONS
from tests.intake.phones import NUMBER, PHONE, Site, browser, needs_chromium, pictures, run, site
from tests.intake.photos.provider import jpeg
from tests.intake.sample import ONE, SENT, TWO, sample_roster, sms

__all__ = ["browser", "site"]  # fixtures
pytestmark = needs_chromium


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, locale="en-US")
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def plain_network(browser: Browser) -> Iterator[BrowserContext]:
    """A phone whose requests a test may answer itself: a service worker would take them away."""
    context = browser.new_context(viewport=PHONE, service_workers="block", locale="en-US")
    yield context
    context.close()


def opened(phone: BrowserContext, link: str, *, offline: bool = False) -> Page:
    page = phone.new_page()
    page.goto(link)
    expect(page.locator("#answer, a.choice").first).to_be_visible()
    if offline:  # once the service worker holds the page
        expect(page.locator("html[data-offline=ready]")).to_have_count(1)
    return page


def report(page: Page, number: int) -> None:
    page.locator("#answer").fill(str(number))
    page.locator("main form button").click()


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_count_is_read_back_kept_and_sent(site: Site, phone: BrowserContext) -> None:
    elsewhere: list[str] = []
    page = phone.new_page()
    page.on("request", lambda r: None if r.url.startswith(site.url) else elsewhere.append(r.url))
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.goto(site.link())
    field = page.locator("#answer")
    expect(field).to_be_focused()
    assert field.get_attribute("inputmode") == "numeric"
    field.fill("1204")
    expect(page.locator("#read")).to_have_text("1,204 people have voted so far.")
    button = page.get_by_role("button", name="Send 1,204")
    fits(page)
    assert button.bounding_box()["height"] >= 56  # type: ignore[index]
    for target in page.locator("a, button, input").all():
        assert target.bounding_box()["height"] >= 48  # type: ignore[index]
    pictures(page, "form-count")
    field.fill("12x")
    button = page.get_by_role("button", name="Send")
    button.click()
    expect(page.get_by_text("digits only")).to_be_visible()
    field.fill("١٢٠٤")  # an Arabic keypad
    button.click()
    expect(page.locator("h1")).to_have_text("Got it ✓")
    expect(page.locator(".done")).to_contain_text("1204")
    pictures(page, "form-got-it")
    page.get_by_role("link", name="Report again").click()
    expect(page.get_by_text("Last sent: 1,204")).to_be_visible()
    page.locator("#answer").fill("1000")
    expect(page.locator("#doubt")).to_contain_text("Less than your last report, 1,204")
    page.locator("#answer").fill("1900")
    expect(page.locator("#doubt")).to_contain_text("1,800 voters registered")
    pictures(page, "form-doubt")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("h1")).to_have_text("Please look again")  # held: the reply asks
    page.get_by_role("link", name="Fix the last one").click()
    expect(page.locator("label[for=answer]")).to_have_text("What is the right number?")
    report(page, 1205)
    expect(page.locator("h1")).to_have_text("Got it ✓")
    for link, question, answer, said in (
        ("Line length", "How many minutes is the wait?", "45", "45"),
        ("A problem", "What is wrong?", "machine 2 is down", "machine 2"),
        ("Strike-offs", "Which roll numbers have voted?", "17 23 45-48", "6"),
    ):
        page.get_by_role("link", name="Report again").click()
        page.get_by_role("link", name=link, exact=True).click()
        expect(page.locator("label[for=answer]")).to_have_text(question)  # not the screen before it
        fits(page)
        page.locator("#answer").fill(answer)
        page.get_by_role("button", name="Send").click()
        expect(page.locator("h1")).to_have_text("Got it ✓")
        expect(page.locator(".done")).to_contain_text(said)
    page.go_back()
    expect(page.locator("label[for=answer]")).to_have_text("How many people have voted here so far?")
    assert site.counts("w1", 3) == [1204, 1900, 1205]
    rows = site.rows(
        "select kind, detail from check_ins where watcher_id = 'w1' and votes is null order by seq"
    )
    assert [row["kind"] for row in rows] == ["line", "incident", "voters"]
    assert rows[2]["detail"]["roll_numbers"] == [17, 23, 45, 46, 47, 48]
    assert elsewhere == []
    # There is no callers' service here: the browser notes that its roll was asked for, and numbers are typed.
    assert [words for words in problems if "503 (Service Unavailable)" not in words] == []
    assert len(problems) <= 1


def test_reports_wait_without_signal_and_go_out_in_order(site: Site, phone: BrowserContext) -> None:
    page = opened(phone, site.link("w3"), offline=True)
    page.get_by_role("link", name="School 12-02").click()
    phone.set_offline(True)
    report(page, 300)
    expect(page.locator("h1")).to_have_text("Saved on this phone")
    expect(page.locator(".done")).to_contain_text("sends by itself")
    page.get_by_role("link", name="Report again").click()
    report(page, 310)
    expect(page.locator("#waiting h2")).to_have_text("2 not sent")
    fits(page)
    pictures(page, "form-waiting")
    by_text = [unquote(a.get_attribute("href") or "") for a in page.locator("#waiting a.text").all()]
    assert by_text == [f"sms:{NUMBER}?body=12-02 300", f"sms:{NUMBER}?body=12-02 310"]
    assert site.counts("w3") == []
    page.reload()  # still without signal: from the phone's own copy
    expect(page.locator("#waiting h2")).to_have_text("2 not sent")
    phone.set_offline(False)
    expect(page.locator("#waiting")).to_be_hidden(timeout=15_000)
    assert site.counts("w3", 2) == [300, 310]


def test_a_killed_tab_keeps_its_queue_while_the_server_is_away(site: Site, phone: BrowserContext) -> None:
    link = site.link("w6")
    page = opened(phone, link, offline=True)
    site.down()
    try:
        page.reload()
        picture = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": jpeg(4000, 3000)}
        page.locator("#photo").set_input_files(picture)  # type: ignore[arg-type]
        expect(page.locator("label.photo")).to_contain_text("Photo added")
        report(page, 500)
        expect(page.locator("h1")).to_have_text("Saved on this phone")
        page.close()
        again = opened(phone, link)
        expect(again.locator("#waiting h2")).to_have_text("2 not sent")
        again.close()
    finally:
        site.up()
    later = opened(phone, link)
    expect(later.locator("#waiting")).to_be_hidden(timeout=15_000)
    assert site.counts("w6", 1) == [500]
    sql = "select kind, message_id, detail from check_ins where watcher_id = 'w6' order by seq"
    count, photo = site.rows(sql, wanted=2)
    assert (count["kind"], photo["kind"]) == (Kind.COUNT, Kind.NOTED)
    assert photo["detail"]["of"] == str(count["message_id"]), "the photo joins its count"
    kept = PhotoShelf(site.intake.state / "intake" / "photos").record(str(photo["message_id"]), 0)
    assert kept and kept.sha256 == photo["detail"]["sha256"]
    assert 0 < kept.size < 300_000, "made small on the phone"


def test_it_tries_again_by_itself_when_the_server_is_back(site: Site, phone: BrowserContext) -> None:
    page = opened(phone, site.link("w6"))
    assert page.evaluate(
        """async () => { const {pauseAfter} = await import(document.querySelector('script[src*=form]').src
             .replace('form.js', 'queue.js')); return [0, 1, 2, 3, 8, 9, 50].map(pauseAfter); }"""
    ) == [1000, 2000, 4000, 8000, 256_000, 300_000, 300_000]
    site.down()
    report(page, 510)
    expect(page.locator(".done")).to_contain_text("sends by itself")
    site.up()
    expect(page.locator("h1")).to_have_text("Got it ✓", timeout=30_000)
    assert site.counts("w6", 2) == [500, 510]


def test_an_answer_lost_on_the_way_counts_once(site: Site, plain_network: BrowserContext) -> None:
    page = opened(plain_network, site.link("w5"))
    calls: list[str] = []

    def lose(route: Route) -> None:
        calls.append(route.request.url)
        route.fetch()  # the server has it
        if len(calls) == 1:
            route.abort("connectionreset")  # the phone does not know
        elif len(calls) == 2:
            route.fulfill(status=200, content_type="text/html", body="<h1>Hotel: please sign in</h1>")
        else:
            route.fulfill(response=route.fetch())

    page.route("**/checkins/*", lose)
    report(page, 700)
    page.get_by_role("button", name="Thử lại ngay").click(timeout=10_000)
    expect(page.locator("h1")).to_have_text("Đã nhận ✓", timeout=15_000)
    assert len(calls) == 3
    assert len(set(calls)) == 1  # always under the same id
    assert site.counts("w5", 1) == [700]


def test_what_the_server_will_never_take_does_not_hold_up_the_rest(
    site: Site, plain_network: BrowserContext
) -> None:
    page = opened(plain_network, site.link("w5"))
    page.route("**/checkins/*", lambda r: r.fulfill(status=422, json={"error": "no"}), times=1)
    report(page, 701)
    expect(page.locator("#waiting em")).to_be_visible()
    page.locator("a.choice").first.click()
    report(page, 702)
    expect(page.locator("h1")).to_have_text("Đã nhận ✓")
    expect(page.locator("#waiting a.text")).to_have_attribute("href", f"sms:{NUMBER}?body=701")
    assert site.counts("w5", 2) == [700, 702]


async def change(site: Site, what: Any, watcher_id: str) -> Any:
    connection = await connect(site.database_url)
    try:
        return await what(connection, [watcher_id])
    finally:
        await connection.close()


def test_a_revoked_link_keeps_the_queue_and_a_new_link_sends_it(site: Site, phone: BrowserContext) -> None:
    link = site.link("w4")
    page = opened(phone, link, offline=True)
    phone.set_offline(True)
    report(page, 600)
    expect(page.locator("#waiting h2")).to_contain_text("1")
    numbers = run(change(site, reissue, "w4"))
    assert numbers == {"w4": 1}
    until_refused(phone, link)
    phone.set_offline(False)
    expect(page.locator("#waiting [role=alert]")).to_contain_text("协调员", timeout=15_000)
    expect(page.locator("#waiting h2")).to_contain_text("1")
    page.reload()
    expect(page.locator("main [role=alert]")).to_be_visible()  # the page of a dead link
    expect(page.locator("#waiting a.text")).to_have_attribute("href", f"sms:{NUMBER}?body=12-04%20600")
    pictures(page, "form-revoked")
    assert site.counts("w4") == []
    page.goto(site.link("w4", 1))
    expect(page.locator("#waiting")).to_be_hidden(timeout=15_000)
    assert site.counts("w4", 1) == [600]
    run(change(site, revoke, "w4"))
    until_refused(phone, site.link("w4", 1))
    assert run(change(site, issue, "w4")) == {"w4": 2}
    assert run(change(site, issue, "w4")) == {"w4": 2}  # the same good link again
    assert phone.request.get(site.link("w4", 2)).status == 200


def until_refused(phone: BrowserContext, link: str) -> None:
    page = phone.browser.new_page()  # type: ignore[union-attr]
    for _ in range(200):
        if page.request.get(link).status == 403:
            page.close()
            return
        page.wait_for_timeout(50)
    raise AssertionError("the link is still good")


def test_where_storage_is_refused_the_plain_form_serves(site: Site, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, service_workers="block")
    context.add_init_script("indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); }")
    page = context.new_page()
    page.goto(site.link("w2"))
    expect(page.get_by_text("no puede guardar informes")).to_be_visible()
    fits(page)
    pictures(page, "form-no-storage")
    page.locator("#answer").fill("800")
    page.get_by_role("button", name="Enviar").click()
    expect(page.locator("h1")).to_have_text("Recibido ✓")
    context.close()
    assert site.counts("w2", 1) == [800]


def test_without_javascript_it_is_a_plain_form(site: Site, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(site.link("w2"))
    page.locator("#answer").fill("801")
    page.get_by_role("button", name="Enviar").click()
    expect(page.locator("h1")).to_have_text("Recibido ✓")
    pictures(page, "form-plain")
    context.close()
    assert site.counts("w2", 2) == [800, 801]


def test_what_goes_by_text_reads_like_the_report(site: Site, phone: BrowserContext) -> None:
    page = opened(phone, site.link())
    cases = [
        ["count", "412", "31-09", "10:05"], ["count", "412", "31-09", ""], ["fix", "400", "31-09", "10:05"],
        ["final", "611", "31-09", ""], ["line", "45", "31-09", "10:05"], 
        ["voters", "17 23 45-48", "31-09", "10:05"],
        ["problem", "machine 2 down", "31-09", "10:05"], ["ready", "", "31-09", "10:05"],
    ]  # fmt: skip
    texts = page.evaluate(
        """async (cases) => { const {asText} = await import(document.querySelector('script[src*=form]').src
             .replace('form.js', 'screens.js')); return cases.map((c) => asText(...c)); }""",
        cases,
    )
    sent = [SENT + timedelta(hours=10) if case[0] == "final" else SENT for case in cases]
    read = [readings_of(sms(t, TWO, at), sample_roster())[0] for t, at in zip(texts, sent, strict=True)]
    assert [str(r.kind) for r in read] == [
        "count", "count", "fix", "final", "line", "voters", "incident", "ready",
    ]  # fmt: skip
    assert all(r.precinct_id == "31-09" for r in read[:-1])
    assert [r.votes for r in read[:4]] == [412, 412, 400, 611]
    assert [r.observed_at is not None for r in read[:4]] == [True, False, False, False]
    assert (read[4].minutes, read[5].roll_numbers) == (45, (17, 23, 45, 46, 47, 48))
    assert readings_of(sms("412 at 10:05", ONE), sample_roster())[0].votes == 412  # with one precinct: no id


def test_nothing_that_axe_would_mend(site: Site, browser: Browser) -> None:
    axe = Axe()
    context = browser.new_context(viewport=PHONE, service_workers="block")
    page = context.new_page()
    rules: Any = VIOLATIONS | {
        "runOnly": ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21aa", "wcag22aa", "best-practice"],
        "rules": {"color-contrast-enhanced": {"enabled": True}},
    }
    colours: Any = rules | {"runOnly": ["cat.color"]}

    def clean(name: str) -> None:
        fits(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            pictures(page, f"axe-{name}-{scheme}")
            found = axe.run(page, options=rules if scheme == "light" else colours)
            assert found.violations_count == 0, found.generate_report()

    for watcher_id, language in (("w1", "en"), ("w2", "es"), ("w4", "zh"), ("w5", "vi")):
        good = run(change(site, issue, watcher_id))[watcher_id]  # another test may have revoked the first one
        page.goto(site.link(watcher_id, good))
        expect(page.locator("#answer")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == language
        clean(f"count-{language}")
    page.route("**/checkins/*", lambda route: route.abort())
    page.locator("#answer").fill("9999")
    clean("doubt")
    page.locator("form button").click()
    expect(page.locator("#waiting")).to_be_visible()
    clean("waiting")
    for ask in ("problem", "voters", "line", "ready"):
        page.goto(site.link("w2") + "?ask=" + ask)
        expect(page.locator("nav")).to_be_visible()
        clean(ask)
    page.goto(site.link("w3"))
    expect(page.locator("a.choice")).to_have_count(7)  # and a building that two share
    clean("choose")
    page.goto(site.url + "/w/forged")
    expect(page.locator("[role=alert]").first).to_be_visible()
    clean("bad-link")
    context.close()

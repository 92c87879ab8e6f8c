"""The hotline's desk by keyboard alone, files of reports, and paper sheets."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import Browser, BrowserContext, Page, expect

from intake.hotline.operators import SECONDS
from tests.axe import VIOLATIONS
from tests.intake.phones import (
    TOKENS,
    Site,
    browser,
    needs_chromium,
    observed,
    pictures,
    site,
)
from tests.intake.running import SECRET

__all__ = ["browser", "site"]  # fixtures
pytestmark = needs_chromium


def staff_link(site: Site, role: str = "staff", **more: Any) -> str:
    return f"{site.url}/hotline?token={TOKENS.sign('staff', {'account': 'ana', 'role': role} | more)}"


@pytest.fixture
def laptop(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1024, "height": 768})
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(laptop: BrowserContext, site: Site) -> Page:
    page = laptop.new_page()
    page.goto(staff_link(site))
    return page


def clean(page: Page, name: str) -> None:
    pictures(page, name)
    found = Axe().run(
        page,
        options=VIOLATIONS | {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]},
    )
    assert found.violations_count == 0, found.generate_report()


def test_an_operator_reports_by_keyboard_alone(site: Site, page: Page) -> None:
    assert page.url == f"{site.url}/hotline"  # the token has left the address
    expect(page.locator("html[data-ready]")).to_have_count(1)
    keys = page.keyboard
    for typed, words in (("1201", "410"), ("school 12-02", "FIX 99"), ("12-02", "! machine 2 down")):
        keys.type(typed)
        keys.press("Enter")
        keys.type(words)
        keys.press("Enter")
    expect(page.locator("#log tbody tr")).to_have_count(3)
    expect(page.locator("#log tbody tr").last.locator("td").last).to_contain_text("✓ Got it: 410 at 12-01")
    expect(page.locator("#log tbody tr").first.locator("td").last).to_contain_text("machine 2 down")
    keys.type("12")
    expect(page.locator("#found li")).to_have_count(7)  # and a building that two share
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    clean(page, "hotline-desk")
    keys.press("Enter")
    expect(page.locator("#place")).to_have_value("12-03 School 12-03")
    keys.type("9999")  # more than are registered
    keys.press("Enter")
    expect(page.locator("#log tbody tr").first.locator("td").last).to_contain_text("?")
    keys.type("nowhere")
    keys.press("Enter")
    expect(page.locator("#notice")).to_contain_text("No precinct")
    rows = site.rows(
        "select c.kind, c.votes, c.channel, c.watcher_id, c.detail, m.body, m.provider from check_ins c"
        " join messages m using (message_id) where c.channel = 'hotline' order by c.seq"
    )
    assert [(r["kind"], r["votes"], r["watcher_id"]) for r in rows] == [
        ("count", 410, "w1"), ("fix", 99, "w2"), ("incident", None, "w2"), ("count", 9999, "w3"),
    ]  # fmt: skip
    assert {r["provider"] for r in rows} == {"hotline"}
    assert all('"by":"ana"' in r["body"] for r in rows)
    assert rows[3]["detail"]["held"] == "above_registered"


def test_reports_wait_in_the_browser_while_the_server_is_away(site: Site, page: Page) -> None:
    expect(page.locator("html[data-ready]")).to_have_count(1)
    site.down()
    try:
        page.keyboard.type("12-06")
        page.keyboard.press("Enter")
        page.keyboard.type("66")
        page.keyboard.press("Enter")
        expect(page.locator("#waiting h2")).to_have_text("1 not sent")
    finally:
        site.up()
    page.reload()
    expect(page.locator("#notice")).to_contain_text("12-06 · 66: ✓ Got it", timeout=15_000)
    expect(page.locator("#waiting")).to_be_hidden()
    assert site.counts("w6", 1) == [66]


def test_only_a_fresh_staff_link_opens_it(site: Site, browser: Browser) -> None:
    class Yesterday(URLSafeTimedSerializer):
        def make_signer(self, salt: Any = None) -> Any:
            signer = super().make_signer(salt)
            signer.get_timestamp = lambda: int(time.time()) - SECONDS - 5  # type: ignore[attr-defined]
            return signer

    old = Yesterday(SECRET, salt="beluga.staff").dumps({"account": "ana", "role": "staff"})
    context = browser.new_context()
    for link in (
        f"{site.url}/hotline?token={old}",
        f"{site.url}/hotline?token={TOKENS.sign('service', {'account': 'ana', 'role': 'staff'})}",
        staff_link(site, role="caller"),
        staff_link(site, role="lead"),  # of no county
        f"{site.url}/hotline",
        f"{site.url}/hotline/upload",
        f"{site.url}/hotline/grid",
        f"{site.url}/hotline/places",
        f"{site.url}/paper/sheet?precinct=12-01",
    ):
        assert context.request.get(link).status == 401
    report = {"kind": "count", "precinct_id": "12-01", "votes": 5}
    assert context.request.put(f"{site.url}/hotline/reports/{uuid4()}", data=report).status == 401
    assert context.request.get(staff_link(site, role="lead", counties=["North"])).status == 200
    cookie = context.cookies()[0]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    places = context.request.get(f"{site.url}/hotline/places").json()["places"]
    assert {place[2] for place in places} == {"North"}
    url = f"{site.url}/hotline/reports/{uuid4()}"
    assert context.request.put(url, data=report | {"precinct_id": "12-06"}).status == 422
    assert context.request.get(f"{site.url}/paper/sheet?county=South").status == 404
    assert context.request.post(f"{site.url}/hotline/upload", multipart={"form": "forged"}).status == 403
    for body, status in (
        (report | {"kind": "accept"}, 422),
        ({"votes": -1}, 422),
        (report, 200),
        (report, 200),
    ):
        assert context.request.put(url, data=body).status == status
    assert context.request.put(url, data=report | {"votes": 6}).status == 409
    context.close()


def test_a_file_tells_the_result_of_every_line_and_counts_once(
    site: Site, page: Page, tmp_path: Path
) -> None:
    first, second = ((datetime.now(UTC) - timedelta(minutes=m)).isoformat("T", "seconds") for m in (30, 20))
    file = tmp_path / "reports.csv"
    file.write_text(
        f"Precinct;Time;Count;Watcher;Note\n12-04;{first};40;w4;by runner\n12-99;{first};40;;\n"
        f"12-04;{second};44;;\n12-04;soon;45;;\n12-05;{second};9999;;\n12-05;2099-01-01T10:00;50;;\n"
    )
    page.get_by_role("link", name="File").click()
    clean(page, "hotline-upload")
    for word in ("taken", "already there"):
        page.locator("#file").set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("h2")).to_have_text(f"3 {word}, 3 not taken")
    cells = {row.locator("td").first.inner_text(): row.inner_text() for row in page.locator("tbody tr").all()}
    assert list(cells) == ["3", "5", "6", "7", "2", "4"]  # what needs a person first
    assert "12-99" in cells["3"]
    assert "no time" in cells["5"]
    assert "held" in cells["6"]
    assert "has not come yet" in cells["7"]
    clean(page, "hotline-results")
    rows = site.rows(
        "select * from check_ins where channel = 'csv' and sender <> 'x' order by observed_at, seq"
    )
    assert [(r["votes"], r["watcher_id"], r["sender"]) for r in rows] == [
        (40, "w4", "form:w4"), (44, None, "staff:ana"), (9999, None, "staff:ana"),
    ]  # fmt: skip
    assert (observed(rows[1]) - observed(rows[0])).total_seconds() == 600
    file.write_bytes(b"\x00\xff nonsense")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("h2")).to_contain_text("not taken")


def test_a_paper_sheet_is_printed_and_keyed_in(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/paper/sheet?county=North")
    expect(page.locator("section.sheet")).to_have_count(3)
    boxes = page.locator("section.sheet").first.locator("tbody th").all_inner_texts()
    assert boxes == [f"{hour:02}:00" for hour in range(8, 20)] + ["Close 20:00"]
    clean(page, "paper-sheet")
    page.goto(f"{site.url}/hotline/grid")
    expect(page.locator("#precinct")).to_be_focused()  # the browser does it once it has painted
    page.keyboard.type("1205")
    page.keyboard.press("Enter")
    expect(page.locator("#box-1")).to_be_focused()
    for number in ("30", "70", "60"):
        page.keyboard.type(number)
        page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("60 is less than 70")
    expect(page.locator("#box-3")).to_have_attribute("aria-invalid", "")
    clean(page, "paper-grid")
    source = page.content()
    page.get_by_role("button", name="Save the sheet").click()
    expect(page.locator("h2").first).to_be_visible()
    # Hours that have not come are refused; which ones depends on when this runs.
    results = page.locator("tbody tr").all_inner_texts()
    assert len(results) == 3
    taken = [row for row in results if "taken" in row and "not taken" not in row]
    rows = site.rows("select votes, watcher_id from check_ins where channel = 'csv' and watcher_id = 'w5'")
    assert len(rows) == len(taken)
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', source))
    again = page.request.post(f"{site.url}/hotline/grid", form=fields | {"box-1": "30", "watcher": "w5"})
    assert again.status == 200
    assert len(site.rows("select 1 from check_ins where channel = 'csv' and watcher_id = 'w5'")) == len(taken)
    forged = page.request.post(f"{site.url}/hotline/grid", form=fields | {"form": "x", "box-1": "31"})
    assert forged.status == 403

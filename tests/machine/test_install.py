"""`beluga install` on a fresh machine: public door, number, text, board; a second time; away again.

Minutes, and a container: run by `make test-install`. The certificate comes of Caddy's own authority.
"""

import asyncio
import shutil
from collections.abc import Iterator

import pytest
from aiohttp import web
from playwright.sync_api import sync_playwright

from beluga.county.county import write_county
from beluga.stack.ports import free_port
from tests.beluga.numbers.providers import ACCOUNT, FIRST, TOKEN, FakeAccount
from tests.machine.container import Machine, why_not

DOMAIN = "turnout.localhost"
PUBLIC = f"https://{DOMAIN}"
INSTALL = f"/srv/first/bin/beluga install --domain {DOMAIN} --email you@example.org --from /src"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if reason := why_not():
        pytest.skip(reason)
    given = tmp_path_factory.mktemp("given")
    given.chmod(0o755)
    write_county(given / "election", seed=1, precincts=30)
    for path in given.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    found = Machine(given)
    try:
        found.start()
        found.sh(
            "python3 -m venv /srv/first && /srv/first/bin/pip install -q --require-hashes"
            " -r /src/requirements.lock && /srv/first/bin/pip install -q --no-deps /src"
        )
        yield found
    finally:
        found.destroy()


@pytest.mark.timeout(1800)
def test_a_fresh_machine_the_same_day(machine: Machine) -> None:
    machine.sh("apt-get update -q && apt-get install -qy --no-install-recommends caddy chrony restic")
    machine.sh("echo 'mine.localhost {' >/etc/caddy/Caddyfile; echo '}' >>/etc/caddy/Caddyfile")
    before = machine.files()

    said = machine.sh(INSTALL)
    assert f"Set-up     {PUBLIC}/first?token=" in said
    again = machine.sh(INSTALL)
    assert "0 of " in again and "\nrun " not in f"\n{again}", "a second time changes nothing"
    exposed = machine.sh("systemd-analyze security beluga --no-pager | tail -1").split("level for")[1]
    assert float(exposed.split()[1]) <= 3, exposed
    units = "beluga beluga-backup.timer beluga-preflight.timer caddy"
    assert machine.sh(f"systemctl is-enabled {units}").split() == ["enabled"] * 4

    loaded = machine.sh(
        "beluga import /given/election --confirm 'Beluga County general election (made up)'", check=False
    )
    assert "precincts" in loaded, loaded
    password = machine.sh("beluga user add ada --role admin").split("password ")[1].strip()

    fake = asyncio.run(_a_text_through_the_public_door(machine))
    assert "<Message>" in fake.replies[-1], "the watcher, or a stranger, is answered"
    machine.until(lambda: _stored(machine, "412 votes") == 1, 30)

    _the_board_stands(machine, password)
    machine.sh("systemctl start beluga-backup")
    assert machine.sh("ls /var/lib/beluga/backups").strip()

    _another_version_and_back(machine)

    machine.sh("/srv/first/bin/beluga install --uninstall")
    machine.sh("/srv/first/bin/beluga install --uninstall --data")
    assert machine.sh("cat /etc/caddy/Caddyfile").startswith("mine.localhost")
    assert machine.sh("pgrep -u beluga || true", check=False).strip() in (
        "",
        "pgrep: invalid user name: beluga",
    )
    left = {path for path in machine.files() - before if "beluga" in path}
    assert left == set(), left


def _another_version_and_back(machine: Machine) -> None:
    """One that works is taken, one that does not start gives way to it, and the first comes back."""
    for name, version in (("newer", "0.1.1"), ("broken", "0.1.2")):
        machine.sh(f"cp -r /src /srv/{name} && rm -rf /srv/{name}/.git")
        machine.sh(f"sed -i 's/^version = .*/version = \"{version}\"/' /srv/{name}/pyproject.toml")
    machine.sh("echo 'import nowhere' >>/srv/broken/tally/app.py")
    first = machine.sh("readlink /opt/beluga/current").strip().rpartition("/")[2]
    said = machine.sh("/srv/first/bin/beluga upgrade --from /srv/newer")
    assert f"back: beluga upgrade --back {first}" in said
    assert machine.sh("readlink /opt/beluga/current").strip().endswith("/0.1.1")
    said = machine.sh("/srv/first/bin/beluga upgrade --from /srv/broken 2>&1", check=False)
    assert "0.1.1 runs again" in said, said
    assert _stored(machine, "412 votes") == 1
    machine.sh(f"/srv/first/bin/beluga upgrade --back {first}")
    assert machine.sh("readlink /opt/beluga/current").strip().endswith(first)
    machine.sh("rm -r /srv/newer /srv/broken")


def _stored(machine: Machine, body: str) -> int:
    """How many messages of these words the machine's database has."""
    ask = f"""
import asyncio, asyncpg
from pathlib import Path
from beluga.stack.stack import database_url

async def main():
    connection = await asyncpg.connect(database_url(Path("/var/lib/beluga")))
    print(await connection.fetchval("select count(*) from messages where body = $1", {body!r}))

asyncio.run(main())
"""
    return int(machine.sh(f"/opt/beluga/current/bin/python - <<'END'\n{ask}\nEND"))


async def _a_text_through_the_public_door(machine: Machine) -> FakeAccount:
    """A number on a provider's API is pointed at the machine; its texts come in signed, by https."""
    fake = FakeAccount(public=PUBLIC, door=f"https://127.0.0.1:{machine.https}")
    fake.tls, fake.host = await asyncio.to_thread(machine.authority), DOMAIN
    fake.holds(FIRST)
    runner = web.AppRunner(fake.app())
    await runner.setup()
    port, here = free_port(), await asyncio.to_thread(machine.gateway)
    await web.TCPSite(runner, here, port).start()
    try:
        settings = (
            f"BELUGA_TWILIO_ACCOUNT_SID={ACCOUNT}\nBELUGA_TWILIO_AUTH_TOKEN={TOKEN}\n"
            f"BELUGA_TWILIO_API_URL=http://{here}:{port}\n"
        )
        await asyncio.to_thread(
            machine.sh, f"cat >>/etc/beluga/beluga.env <<'END'\n{settings}END\nsystemctl restart beluga"
        )
        pointed = await asyncio.to_thread(machine.sh, "beluga numbers point")
        assert f"{FIRST} texts {PUBLIC}/sms/twilio" in pointed
        listed = await asyncio.to_thread(machine.sh, "beluga numbers list", check=False)
        assert "texts come here" in listed and "10DLC" in listed
        await fake.bring("+12155550199", FIRST, "412 votes")
    finally:
        await runner.cleanup()
    return fake


def _the_board_stands(machine: Machine, password: str) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("chromium is missing: make chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", f"--host-resolver-rules=MAP {DOMAIN}:443 127.0.0.1:{machine.https}"],
        )
        page = browser.new_page(ignore_https_errors=True)
        page.goto(f"{PUBLIC}/login")
        page.fill("input[name=login]", "ada")
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_selector("#map svg, .map svg", timeout=60_000)
        assert page.locator("text=REHEARSAL").count() == 0
        browser.close()

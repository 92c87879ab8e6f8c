"""A runbook cannot rot: every alert has a page, every page a rehearsal, every command exists."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer

from beluga.commands import LazyGroup, app
from chaos.judge.alerts import OWN_RULES, holds, read_rules
from chaos.run.report import listing
from chaos.run.run import catalogue
from chaos.session.runbook import PARTS, Command, Page, page_of, pages, read_page

ROOT = Path(__file__).resolve().parents[3]
RULES = [OWN_RULES, *sorted((ROOT / "deploy" / "prometheus").glob("*.yml"))]
DEPLOYED = ROOT / "deploy" / "prometheus" / "alerts.yml"
DAYS = {
    "week-before", "night-before", "opening", "ten-oclock-rush", "close", "day-after", "feature-freeze",
    "wall-card",
}  # fmt: skip
PLAIN = {"df", "du", "tail", "ls", "grep", "date", "cp", "rm", "kill", "cat", "curl", "docker"}
PLAIN |= {"for", "timeout", "setsid", "deploy/cluster", "ansible-playbook"}
ALL = {page.name: page for page in pages()}
ALERT_PAGES = {name: page for name, page in ALL.items() if name not in DAYS}


def rules_of(path: Path) -> list[tuple[str, str]]:
    try:
        return [(rule.name, rule.runbook) for rule in read_rules(path)]
    except (AttributeError, TypeError):
        return []  # Prometheus's own configuration, and no rules


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.name)
def test_every_alert_has_its_page(path: Path) -> None:
    for alert, runbook in rules_of(path):
        assert runbook.removesuffix(".md") in ALL, f"{alert} needs runbooks/{runbook or '….md'}"


@pytest.mark.parametrize("page", ALERT_PAGES.values(), ids=lambda p: p.name)
def test_a_page_has_its_five_parts_and_fits_one_page(page: Page) -> None:
    assert page.parts[: len(PARTS)] == PARTS
    assert len(page.text.splitlines()) <= 75


def test_every_time_of_the_last_week_has_its_page() -> None:
    assert ALL.keys() >= DAYS
    assert len(ALL["wall-card"].text.splitlines()) <= 30


def test_every_alerts_page_is_rehearsed() -> None:
    rehearsed = {e.about.get("runbook") for e in catalogue()}
    for e in catalogue():
        rehearsed |= {
            a["provider"]["arguments"]["page"]
            for a in e.content["method"]
            if a["provider"]["func"] in ("follow_runbook", "act_by_runbook")
        }
    missing = {name for name, page in ALERT_PAGES.items() if "Symptom" in page.parts} - rehearsed
    assert missing == set()


def test_every_experiment_promises_an_alert_or_says_why_not() -> None:
    for e in catalogue():
        assert bool(e.budget.alert) != bool(e.no_alert), e.name
        assert e.budget.runbook, e.name
        assert not e.no_alert or f"no alert: {e.no_alert}" in listing([e])


@pytest.mark.parametrize(("path", "target"), [(RULES[0], "one-machine"), (DEPLOYED, "cluster")])
def test_every_alert_is_fired_by_an_experiment_or_says_why_it_cannot_be(path: Path, target: str) -> None:
    fired = set()
    for e in catalogue():
        if target in e.targets:
            fired |= {e.about.get("alert")} | {
                step["provider"]["arguments"]["name"]
                for step in e.content["method"]
                if step["provider"]["func"] == "alert_fires"
            }
    for rule in read_rules(path):
        assert (rule.name in fired) != (len(rule.not_rehearsed) > 40), f"{rule.name}: {rule.not_rehearsed}"


def test_an_alert_that_is_to_fire_is_one_that_a_rehearsal_can_evaluate() -> None:
    for rule in (*read_rules(RULES[0]), *read_rules(DEPLOYED)):
        if not rule.not_rehearsed:
            assert holds(rule.expr, [(0.0, {"up": []})]) is not None, rule.name


def test_a_gap_above_a_second_has_its_reason() -> None:
    for e in catalogue():
        assert (e.budget.gap > 1.0) == bool(e.about.get("longer_gap")), e.name


def test_an_experiment_of_the_cluster_has_a_verdict_on_hosts() -> None:
    """Its page has commands for hosts in every part that is followed; else I6 would be unknown there."""
    for e in catalogue():
        if "cluster" not in e.targets:
            continue
        followed = [
            (a["provider"]["arguments"]["page"], a["provider"]["arguments"]["part"])
            for a in e.content["method"]
            if a["provider"]["func"] in ("follow_runbook", "act_by_runbook")
        ]
        for page, part in [*followed, (e.about["runbook"], "Verify")]:
            assert read_page(page).rehearsed(part, target="hosts"), (e.name, page, part)
        allowed, there = e.budget, e.budget_on("hosts")
        assert there.gap == max(allowed.gap, there.gap) <= max(allowed.gap, 5.0), e.name


def test_what_a_page_says_to_do_is_done_by_a_rehearsal() -> None:
    """Commands under Act that no person must judge: some experiment follows them."""
    followed = {
        (a["provider"]["arguments"]["page"], a["provider"]["arguments"].get("part", "Act"))
        for e in catalogue()
        for a in e.content["method"]
        if a["provider"]["func"] == "act_by_runbook"
    }
    acting = {
        page.name for page in ALL.values() if any(c.part == "Act" and c.rehearsed for c in page.commands)
    }
    assert acting == {page for page, part in followed if part == "Act"}


def test_every_experiment_with_an_alert_names_the_page_of_that_alert_or_of_what_it_breaks() -> None:
    pages_of = {alert: runbook.removesuffix(".md") for path in RULES for alert, runbook in rules_of(path)}
    for e in catalogue():
        if e.about.get("alert"):
            its = e.about["runbook"]
            assert (
                its == pages_of[e.about["alert"]] or f"({its}.md)" in ALL[pages_of[e.about["alert"]]].text
            ), f"{e.name}: who is woken by {e.about['alert']} must find {its} from its page"


def test_experiments_name_alerts_and_pages_that_exist() -> None:
    alerts = {name for path in RULES for name, _ in rules_of(path)}
    for e in catalogue():
        assert e.about.get("alert") is None or e.about["alert"] in alerts, e.name
        assert e.about.get("runbook") is None or e.about["runbook"] in ALL, e.name


@pytest.mark.parametrize("page", ALL.values(), ids=lambda p: p.name)
def test_every_command_is_a_real_one(page: Page) -> None:
    for command in page.commands:
        done = subprocess.run(["sh", "-n", "-c", command.text], capture_output=True, check=False)
        assert done.returncode == 0, command.text
        words = shlex.split(command.text)
        if words[0] != "beluga":
            assert words[0] in PLAIN, command.text
            continue
        _exists(words[1:], command.text)


def _exists(words: list[str], text: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, LazyGroup)
    found = group.get_command(None, words[0])
    assert found is not None, f"there is no such command: {text}"
    rest = words[1:]
    if hasattr(found, "commands"):
        assert rest
        assert rest[0] in found.commands, f"there is no such command: {text}"
        found, rest = found.commands[rest[0]], rest[1:]
    known = {option for parameter in found.params for option in parameter.opts + parameter.secondary_opts}
    for word in rest:
        if word.startswith("--"):
            assert word.split("=", 1)[0] in known, f"there is no such option: {text}"


def test_links_between_pages_lead_somewhere() -> None:
    for page in ALL.values():
        for link in re.findall(r"\]\(([^)]+)\)", page.text):
            assert link.removesuffix(".md") in ALL, f"{page.name}: {link}"


def test_reading_a_page_tells_what_is_rehearsed_from_what_needs_a_person() -> None:
    page = page_of(
        "x", "# X\n\n## Check\n\n```sh\n# why\nbeluga status\n```\n\n## Act\n\n```sh by-hand\nrm a\n```\n"
    )
    assert page.commands == (Command("Check", "beluga status", True), Command("Act", "rm a", False))
    assert page.title == "X"

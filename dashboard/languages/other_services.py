"""Sentences that tally, call desk and alerts put together in English, by the templates that make them.

They come worded (the feed is English); whoever reads another language is told by these. A sentence in parts
("…; last count 4 min ago; a line of 5 min, 1 open incident") is told part by part. What no template makes
stays as it came. Each is checked against what the services say (tests/dashboard/languages).
"""

from collections.abc import Mapping, Sequence

from dashboard.languages.catalogue import ENGLISH, places_of
from dashboard.languages.chosen import noted_all, spoken, tr

# The narrower before the wider: the first that makes a sentence tells it.
TEMPLATES = noted_all(
    # why a precinct is in its state
    "no count yet",
    "within its peers' range at {at}",
    "{n} ahead of its peers at {at}",
    "{n} behind its peers at {at}, {sure} % sure",
    "no better than at the count before",
    "last count {span} ago",
    "no count for {span}",
    "last {votes} at {at}",
    "polls closed at {at}",
    "final count {votes}",
    "last count {votes}, no final yet",
    "{n} were in line",
    "no count",
    "polls open at {at}",
    "its only count is held: {why}",
    "newest count is held: {why}",
    "last good one {votes}",
    "{people} people in line",
    "a line of {minutes} min",
    "line of {minutes} min",
    "1 open incident",
    "{n} open incidents",
    "by its share of the site's count",
    # what the gate says of a count
    "below an accepted count ({votes})",
    "below an accepted count",
    "far above what this precinct can have by now",
    "far below what this precinct should have by now",
    "more votes than voters on the roll",
    "waits for the watcher to confirm it",
    "does not fit the counts before and after it",
    "two watchers disagree: {earlier} and {votes} within {span}",
    "the official number is {official}, a watcher's {ours}, within {span}",
    # what can be said of the whole
    "No counts yet: the figure is the expectation alone.",
    "Fresh counts cover {share} % of expected votes only: too few to project.",
    "Expected before the day: {votes}.",
    "Between {low} and {high} votes: more cannot be said.",
    "The {fresh} of {all} precincts with fresh counts ({share} % of expected votes) head for {gap} % "
    "above expectation; the rest is not known.",
    "The {fresh} of {all} precincts with fresh counts ({share} % of expected votes) head for {gap} % "
    "below expectation; the rest is not known.",
    "Counts by {channel} have stopped: of {counted} precincts that sent theirs so, {fresh} have a "
    "fresh one. The figure leans on the others.",
    "{fresh} of {all} precincts report, but hardly any in places with {share} % of expected votes "
    "more than chance would leave out ({names} …): the figure leans on their neighbours.",
    # calling
    "paused by {login}",
    "1 open incident there",
    "{n} open incidents there",
    "the reports from there disagree",
    "line {minutes} min",
    "list used up",
    "the polls have closed",
    "it has caught up with its peers",
    "outside calling hours",
    "nobody left to call",
    "no voter there is on our roll",
    "calls would bring less than one vote",
    "{missing} votes missing, {sure}% sure that it lags behind its peers",
    "everybody left was called lately",
    "no caller has had a call lately",
    "callers bring more elsewhere",
    "{n} between two calls",
    "callers are on their way",
    "{login} sent 1 caller",
    "{login} sent {n} callers",
    "{login} sent callers",
    "Send 1 caller to {place}: about 1 vote by close of {missing} missing, {reachable} reachable",
    "Send 1 caller to {place}: about {n} votes by close of {missing} missing, {reachable} reachable",
    "Send {callers} callers to {place}: about 1 vote by close of {missing} missing, {reachable} reachable",
    "Send {callers} callers to {place}: about {n} votes by close of {missing} missing, {reachable} reachable",
    # rides
    "1 voter needs a ride: the first waits {span} for a driver, due in {left}",
    "1 voter needs a ride: the first waits {span} for a driver, due {left} ago",
    "{n} voters need a ride: the first waits {span} for a driver, due in {left}",
    "{n} voters need a ride: the first waits {span} for a driver, due {left} ago",
    "at the polls, waits {span} home",
    "waits {span} for a driver, due in {left}",
    "waits {span} for a driver, due {left} ago",
    # alerts
    "{missing} votes behind its peers, {sure} % sure",
    "reports disagree or wait for a decision",
    "{gone} of {counted} precincts that had counted fell silent: look at the network",
    "incident #{number}: {text}",
)  # fmt: skip
SEPARATORS = ("; ", ", ")
TOLD_INSIDE = ("why",)  # a place that holds such a sentence itself


def templates_for(texts: Mapping[str, str]) -> dict[str, str]:
    """Each template, in order, with what it says in a language of these texts."""
    return {template: texts[template] for template in TEMPLATES if template in texts}


def retold(sentence: str, templates: Sequence[str] = TEMPLATES, number: str = "") -> str:
    """Another service's sentence in the language of who asks. `number`: a place that holds one, if any."""
    return sentence if spoken() is ENGLISH else _told(sentence, 0, templates, number)


def by_template(sentence: str, templates: Sequence[str], number: str = "") -> str | None:
    """The whole sentence as the first template that makes it tells it; None where none does."""
    for template in templates:
        fields = _fields(template, sentence, number)
        if fields is not None:
            return tr(template, **fields)
    return None


def _fields(template: str, sentence: str, number: str) -> dict[str, str] | None:
    """What stands in its places, where the template makes the sentence as one part."""
    fields = places_of(template, sentence)
    if fields is None or any(SEPARATORS[0] in each for each in fields.values()):
        return None
    return None if number in fields and not fields[number][:1].isdecimal() else fields


def _told(sentence: str, depth: int, templates: Sequence[str], number: str = "") -> str:
    for template in templates:
        fields = _fields(template, sentence, number)
        if fields is None:
            continue
        told = {
            name: _told(each, depth, templates, number) if name in TOLD_INSIDE else each
            for name, each in fields.items()
        }
        return tr(template, **told)
    if depth == len(SEPARATORS):
        return sentence
    parts = sentence.split(SEPARATORS[depth])
    return SEPARATORS[depth].join(_told(part, depth + 1, templates, number) for part in parts)

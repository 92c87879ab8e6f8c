"""Deeds of the audit log, in words: what was done, to what, and the detail beside it.

They are written down as short English words, by every service, and stay so in the log and its file; whoever
reads another language is told by these. A word that is not here stays as it came.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dashboard.languages.chosen import coded, noted_all, tr

# What was done.
DEEDS = noted_all(
    "account added##a deed",
    "account disabled##a deed",
    "account reset##a deed",
    "password reset##a deed",
    "role changed##a deed",
    "codes on##a deed",
    "codes off##a deed",
    "signed out everywhere##a deed",
    "first account made##a deed",
    "phones seen##a deed",
    "links issued##a deed",
    "links reissued##a deed",
    "links revoked##a deed",
    "hotline link##a deed",
    "caller link shown##a deed",
    "captain link shown##a deed",
    "caller links ended##a deed",
    "captain links ended##a deed",
    "driver links ended##a deed",
    "canvasser links ended##a deed",
    "file given##a deed",
    "file removed##a deed",
    "files looked through##a deed",
    "doubtful ballots decided##a deed",
    "election imported##a deed",
    "watcher added##a deed",
    "watcher corrected##a deed",
    "watcher removed##a deed",
    "precinct added##a deed",
    "precinct corrected##a deed",
    "precinct taken away##a deed",
    "preflight##a deed",
    "api key made##a deed",
    "api key revoked##a deed",
    "api check-in##a deed",
    "api outcomes##a deed",
    "api read##a deed",
    "webhook made##a deed",
    "webhook tested##a deed",
    "webhook ended##a deed",
    "accept##a deed",
    "reject##a deed",
    "note##a deed",
    "hours##a deed",
    "assign##a deed",
    "dispatch##a deed",
    "recall##a deed",
    "pause##a deed",
    "go on##a deed",
    "move##a deed",
    "script##a deed",
    "acknowledge##a deed",
    "roll call invite##a deed",
    "roll call remind##a deed",
    "silent remind##a deed",
    "dispatch limits##a deed",
    "dispatch order##a deed",
    "dispatch stop##a deed",
    "dispatch pause##a deed",
    "dispatch go on##a deed",
    "dispatch start##a deed",
    "dispatch end##a deed",
    "dispatch hold##a deed",
    "dispatch resume##a deed",
    "control group stated##a deed",
    "control group withdrawn##a deed",
    "doors shown##a deed",
    "list made##a deed",
    "list shown##a deed",
    "next moves looked at##a deed",
    "phone bank opened##a deed",
    "roll shown##a deed",
    "script changed##a deed",
    "trial started##a deed",
    "trial ended##a deed",
    "views looked at##a deed",
    "voters purged##a deed",
    "walk sheet shown##a deed",
    "ride ordered##a deed",
    "rides looked at##a deed",
    "rider looked for##a deed",
    "ride take##a deed",
    "ride pick up##a deed",
    "ride bring##a deed",
    "ride return##a deed",
    "ride give back##a deed",
    "ride assign##a deed",
    "ride release##a deed",
    "ride cancel##a deed",
)

# To what: the word before the colon.
SUBJECTS = noted_all(
    "precinct##done to",
    "watcher##done to",
    "account##done to",
    "caller##done to",
    "captain##done to",
    "desk##done to",
    "ride##done to",
    "bank##done to",
    "list##done to",
    "file##done to",
    "key##done to",
    "webhook##done to",
    "move##done to",
    "election##done to",
    "links##done to",
    "rides##done to",
    "scripts##done to",
    "rollcall##done to",
    "stack##done to",
    "alert##done to",
    "hotline##done to",
)

# What stands beside it.
DETAILS = noted_all(
    "precincts##beside a deed",
    "watchers##beside a deed",
    "watcher id##beside a deed",
    "changed##beside a deed",
    "was##beside a deed",
    "now##beside a deed",
    "role##beside a deed",
    "counties##beside a deed",
    "people##beside a deed",
    "items##beside a deed",
    "bytes##beside a deed",
    "first##beside a deed",
    "files##beside a deed",
    "said##beside a deed",
    "failed##beside a deed",
    "kinds##beside a deed",
    "why##beside a deed",
    "reason##beside a deed",
    "yes##beside a deed",
    "no##beside a deed",
    "made##beside a deed",
    "callers wanted##beside a deed",
    "callers##beside a deed",
    "to##beside a deed",
    "closes##beside a deed",
    "text##beside a deed",
    "target##beside a deed",
    "language##beside a deed",
    "lines##beside a deed",
    "alert##beside a deed",
    "doors##beside a deed",
    "voters##beside a deed",
    "list##beside a deed",
    "rides##beside a deed",
    "rows##beside a deed",
    "purge##beside a deed",
    "until##beside a deed",
    "address##beside a deed",
    "rights##beside a deed",
)

REFUSED, UNANSWERED = noted_all("{deed}: refused", "{deed}: no answer")
_ENDS = {" refused": REFUSED, " unanswered": UNANSWERED}


def _known(words: Iterable[str]) -> dict[str, str]:
    return {each.partition("##")[0]: each for each in words}


_DEEDS, _SUBJECTS, _DETAILS = _known(DEEDS), _known(SUBJECTS), _known(DETAILS)


def deed_words(action: str) -> str:
    """An action, as people say it."""
    plain = action.replace("_", " ").replace(".", " ")
    if plain in _DEEDS:
        return tr(_DEEDS[plain])
    for end, words in _ENDS.items():
        if plain.endswith(end):
            return tr(words, deed=deed_words(plain.removesuffix(end)))
    desk, _, outcome = plain.partition(" ")
    return f"{coded(desk)}: {coded(outcome)}" if outcome else coded(plain)


def subject_words(subject: str) -> str:
    """What it was done to: the kind in words, its name as it is."""
    kind, colon, name = subject.partition(":")
    return (tr(_SUBJECTS[kind]) if kind in _SUBJECTS else kind) + (f"{colon} {name}" if colon else "")


def detail_words(detail: Mapping[str, Any]) -> str:
    """What is kept beside a deed, in a line."""
    return " · ".join(f"{_detail(key)}: {_value(value)}" for key, value in detail.items())


def _detail(key: str) -> str:
    plain = key.replace("_", " ")
    return tr(_DETAILS[plain]) if plain in _DETAILS else plain


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')} {each or '—'}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

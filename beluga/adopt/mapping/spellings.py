"""Ways in which a heading is written: with abbreviations, marks, remarks in brackets, or as a question."""

import re
from collections.abc import Iterator

from election.folder.headings import folded

_WORDS = re.compile(r"[^\s_/-]+")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_SHORT = {
    "reg": "registered", "regd": "registered", "pct": "precinct", "prec": "precinct", "tot": "total",
    "ttl": "total", "num": "number", "no": "number", "nbr": "number", "nr": "number", "vtrs": "voters",
    "cnty": "county", "co": "county", "loc": "location", "addr": "address", "ph": "phone", "tel": "telephone",
    "abs": "absentee", "prov": "provisional", "ed": "election day", "ev": "early voting", "elec": "election",
    "lang": "language", "dist": "district",
    "pcts": "precincts", "precs": "precincts",
}  # fmt: skip
# Of a question in a form, and of a count: what is left is the thing itself.
_ASIDE = frozenset(
    {
        "what", "which", "is", "are", "your", "you", "please", "enter", "the", "of", "a", "an", "do", "does",
        "will", "can", "for", "to", "in", "at", "be", "s", "observe", "observing", "watch", "watching",
        "assigned", "prefer", "select", "choose", "optional", "required", "would", "could", "like", "want",
        "cover", "covering",
    }
)  # fmt: skip
# A remark in brackets that changes what is counted, as `Electorate (excl. postal)`, is no remark.
CHANGES = re.compile(r"\((?=[^()]*\b(?:excl|incl|without|not|only|less|minus|postal|mail|early|abs))", re.I)
_SO_FAR = re.compile(r"\bto[ _]date\b", re.I)  # `EV to date` counts votes, and is no date
_LONGEST = 80  # characters; a heading longer than that is a paragraph
# Words that headings are made of, of six letters and more: one of fewer may be somebody's name.
_OFTEN = frozenset(
    {
        "absentee", "accepted", "active", "address", "advance", "affiliation", "assigned", "ballot",
        "ballots", "birth", "candidate", "captain", "contest", "counted", "county", "description",
        "district", "division", "election", "elections", "electorate", "electors", "eligible",
        "expected", "first", "language", "latitude", "location", "longitude", "method", "middle",
        "mobile", "municipality", "number", "observer", "office", "official", "party", "percent",
        "person", "phone", "polling", "postal", "precinct", "precincts", "preferred", "provisional",
        "received", "region", "registered", "registration", "residence", "returned", "status", "street",
        "surname", "telephone", "turnout", "volunteer", "voters", "watcher",
    }
)  # fmt: skip
_SHORTEST, _LONG = 6, 9  # letters: one slip from six on, two from nine on


def spellings(heading: str) -> Iterator[str]:
    """Folded, the likeliest first: without marks, without brackets, written out, without a question's words.

    A share is not spelt otherwise: `% of Reg. Voters` counts nobody. Nor is a word alone written out: `No`
    may be an answer.
    """
    if "%" in heading or len(heading) > _LONGEST or CHANGES.search(heading):
        return
    plain = _SO_FAR.sub(" ", heading.replace("#", " number "))
    for text in (plain, _BRACKETS.sub(" ", plain)):
        words = [w.strip(".:;,*?!()[]'\"") for w in _WORDS.findall(text.casefold())]
        words = [w for w in words if w]
        if not words or "percent" in words:
            continue
        yield folded("".join(words))
        longer = [_SHORT.get(w, w) for w in words] if len(words) > 1 or "." in text else words
        yield folded("".join(longer))
        kept = [w for w in longer if w not in _ASIDE]
        yield folded("".join(kept))
        if kept[:1] == ["number"]:
            yield folded("".join(kept[1:]))
        if kept[-1:] == ["number"]:
            yield folded("".join(kept[:-1]))


# A way of voting beside these words is that way's votes: `Ballots Cast Mail`, `Total Early Voting Voters`.
_COUNTS = frozenset(
    {
        "ballots", "ballot", "votes", "vote", "voted", "voters", "cast", "counted", "total", "number",
        "of", "by", "in", "turnout", "tallied", "tabulated",
    }
)  # fmt: skip


def counted_by(heading: str) -> Iterator[str]:
    """Folded, the way of voting alone, where the other words only say that votes are counted."""
    if "%" in heading or len(heading) > _LONGEST or CHANGES.search(heading):
        return
    words = [w.strip(".:;,*?!()[]'\"").casefold() for w in _WORDS.findall(heading)]
    if len(words) < 2 or not _COUNTS & set(words):
        return
    kept = [w for w in words if w not in _COUNTS]
    if kept and {"ballots", "votes", "voted", "cast", "counted", "turnout", "voters"} & set(words):
        yield folded("".join(kept))
        yield folded("".join([w for w in words if w not in _COUNTS - {"in", "by"}]))


def corrected(heading: str) -> Iterator[str]:
    """As `spellings`, with words misspelt put right: `Precint Nmae` is `precinctname`."""
    words = _WORDS.findall(heading)
    right = [_right(w.strip(".:;,*?!()[]'\"").casefold()) for w in words]
    if len(heading) <= _LONGEST and right != [w.casefold() for w in words]:
        yield from spellings(" ".join(right))


def _right(word: str) -> str:
    """The one word that headings are made of and this one misspells; else itself."""
    if word in _OFTEN or not word.isalpha():
        return word
    if word in ("nmae", "naem"):
        return "name"
    slips = 0 if len(word) < _SHORTEST else 1 if len(word) < _LONG else 2
    near = {
        w for w in _OFTEN if w[0] == word[0] and abs(len(w) - len(word)) <= slips and _slips(w, word, slips)
    }
    return near.pop() if len(near) == 1 else word


def _slips(one: str, other: str, most: int) -> bool:
    """Whether at most so many letters are left out, added, changed or swapped with the next."""
    before, last = list[int](), list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        now = [row]
        for column, b in enumerate(other, 1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (a != b))
            if row > 1 and column > 1 and a == other[column - 2] and one[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        before, last = last, now
    return last[-1] <= most

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
        "assigned", "prefer", "select", "choose", "optional", "required",
    }
)  # fmt: skip
# A remark in brackets that changes what is counted, as `Electorate (excl. postal)`, is no remark.
_CHANGES = re.compile(r"\((?=[^()]*\b(?:excl|incl|without|not|only|less|minus|postal|mail|early|abs))", re.I)
_LONGEST = 80  # characters; a heading longer than that is a paragraph


def spellings(heading: str) -> Iterator[str]:
    """Folded, the likeliest first: without marks, without brackets, written out, without a question's words.

    A share is not spelt otherwise: `% of Reg. Voters` counts nobody. Nor is a word alone written out: `No`
    may be an answer.
    """
    if "%" in heading or len(heading) > _LONGEST or _CHANGES.search(heading):
        return
    plain = heading.replace("#", " number ")
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

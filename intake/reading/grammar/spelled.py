"""Numbers in words: `four hundred twelve`, `cuatrocientos doce`, `四百一十二`. Always asked about."""

from dataclasses import replace
from functools import cache

from intake.languages.catalogues import load_catalogues
from intake.reading.grammar.items import Item
from intake.reading.grammar.words import Code, Vocabulary, vocabulary_of

_TIMES = {"x10": 10, "x100": 100, "x1000": 1_000}
_JOINS = "joins"
_DIGIT = 10


@cache
def spelled_numbers() -> Vocabulary:
    """Names of numbers in every language."""
    names = dict.fromkeys(name for c in load_catalogues().values() for name in c.numbers)
    return vocabulary_of({name: name for name in names}, lambda catalogue: catalogue.numbers)


def with_numbers(items: list[Item]) -> list[Item] | None:
    """The items with each run of number words as one number; None where words nobody knows are left."""
    out: list[Item] = []
    run: list[Item] = []
    words = spelled_numbers()
    for item in [*items, None]:
        name = words.code(item.text) if item and item.code in (Code.UNKNOWN, Code.AND) else None
        if item and name and name != Code.UNKNOWN and (run or name != _JOINS):
            run.append(item)
            continue
        if run:
            found = _value([str(words.code(i.text)) for i in run])
            if found is None:
                return None
            out.append(Item(Code.NUMBER, run[0].start, run[-1].end, str(found), found))
            run = []
        if item and item.code == Code.UNKNOWN:
            return None
        if item:
            out.append(replace(item))
    return out


def _value(names: list[str]) -> int | None:
    """The number that the words say; None where they say none."""
    if names[-1] == _JOINS and len(names) > 1:
        return None
    said = [name for name in names if name != _JOINS]
    if len(said) > 1 and all(name.isdigit() and int(name) < _DIGIT for name in said):
        return int("".join(said))
    total = section = last = 0
    for name in said:
        if name in _TIMES:
            times = _TIMES[name]
            if times == _TIMES["x1000"]:
                total, section = total + (section + last or 1) * times, 0
            elif section < times:
                section = (section + last or 1) * times
            else:
                section += (last or 1) * times
            last = 0
        else:
            value = int(name)
            if last and value >= last:
                if section or total or last >= _DIGIT or value < _DIGIT:
                    return None
                section, last = last * _TIMES["x100"], 0  # "four twelve"
            section, last = section + last, value
    return total + section + last


def has_number_words(items: list[Item]) -> bool:
    """Whether any unknown word is a number's."""
    words = spelled_numbers()
    return any(i.code == Code.UNKNOWN and (words.code(i.text) or "U") != Code.UNKNOWN for i in items)

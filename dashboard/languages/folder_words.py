"""What is wrong with a folder's files, as `beluga check` and an import say it: the place, what, what to do.

A finding is one line, `precincts.csv:4: registered: 'x' is not a whole number, write digits alone`. Its place
is told apart from its words: a column's name is of no language.
"""

from collections.abc import Sequence

from dashboard.languages.catalogue import ENGLISH
from dashboard.languages.chosen import noted_all, spoken, tr
from dashboard.languages.other_services import by_template

# The narrower before the wider: the first that makes a sentence tells it.
FINDINGS = noted_all(
    "and {n} more",
    "is empty",
    "is missing",
    "fill it in",
    "add it",
    "add it, or one called {names}",
    "keep one",
    "keep one of them",
    "correct one",
    "correct the hours",
    "give each its own",
    "check its name",
    "check its permissions",
    "check the file's permissions",
    "look at its permissions",
    "mend the line",
    "mend the quotation marks",
    # a file as a whole
    "there is no such folder",
    "name the election's folder",
    "there is no such file",
    "write it with: {names}",
    "holds bytes that are not UTF-8",
    "save it as UTF-8",
    'save the file as "CSV UTF-8"',
    "is not TOML: {why}",
    "is not JSON: {why}",
    "is written in UTF-16",
    "is a spreadsheet workbook, not CSV",
    "holds a NUL character",
    "give it a line of headings: {names}",
    "the headings cannot be read: {why}",
    "is longer than a million characters",
    "is this a CSV file?",
    "this column is missing",
    "two columns have this heading",
    "this column is not used and is kept out",
    "this key is not used",
    "has more cells than there are headings ({text} has none)",
    'put text that holds the delimiter in "quotation marks"',
    "a quotation mark opens here and never closes",
    "close it or take it away",
    "a quotation mark stands within a cell",
    "double it, or put the whole cell in quotation marks",
    # a cell
    "write a whole number",
    "{text} is not a whole number",
    "write digits alone, such as 1204",
    "write a number from {low} to {high}",
    "{text} is not a number",
    "write digits with a decimal point",
    "{text} is out of range",
    "{text} is not a time of day",
    "write HH:MM, such as {time}",
    "there is no time zone {text}",
    "write an IANA name such as America/New_York",
    "did you mean {text}?",
    "{text} is neither yes nor no",
    "write yes or no",
    "write a code such as en or es",
    "{text} is no language",
    # the day
    "is missing or no text",
    'write name = "…"',
    "is missing or no date",
    "write date = YYYY-MM-DD",
    "is missing or no time of day",
    "{time} is not after opens",
    "polls close later on the same day",
    "is no list of languages",
    'write languages = ["en", "es"]',
    "{text} is no kind of election",
    "write one of {names}, or leave it out",
    "is no country",
    'write two letters, such as region = "US"',
    # precincts, past results, the curve
    "an election needs its precincts",
    "names no precinct",
    "add one line a precinct",
    "there is no such column, so the id stands for the name",
    "{n} is more than the {registered} registered ({all} such)",
    "{n} is more than the {registered} registered",
    "the polls close before they open",
    "give both lat and lon, or neither",
    "there are no registered voters",
    "give their number, or take the line out",
    "{one} and {other} differ only in dashes or case ({n} such); a text that leaves these out will be asked "
    "about",
    "{text} is an alias of {other} too",
    "there is no precinct {text}",
    "there is no such precinct",
    "add it to precincts.csv or correct it (separate several with ;)",
    "add it to precincts.csv or correct it",
    "did you mean {text}? (separate several with ;)",
    "{text} is no method",
    "write total, in_person, early or mail",
    "this precinct, election and method are there twice",
    "{text} is no scope",
    "write all, county:X, group:X or precinct:X",
    "{text} is no share",
    "write a share from 0 to 1 (45 % is 0.45)",
    "this scope, election and time are on line {line} too",
    "{share} is less than {before} at {time}, line {line}",
    "shares are cumulative: they never fall during the day",
    "{n} scopes hold no precinct here (such as {text})",
    # people
    "this is not a whole phone number",
    "write it with area code, or with + and country code (region {region})",
    "this id is on line {line} too",
    "this precinct's roll number is on line {line} too",
    "line {line} has this phone too",
    "the shift ends before it starts",
    "{names}: not among election.toml's languages",
    "no precinct is in {text}",
    "write it as in precincts.csv",
    "whoever may not call elsewhere needs a county",
    "name their counties",
    "{text} is no number of a roll",
    "write it as the roll has it: 17 or 18/1",
    "{text} is on line {line} too",
    # reports, finals
    "{text} is no kind of report",
    "write count, fix or final",
    "{text} is no time of day",
    "{text} is no time",
    "write it as 2026-11-03T10:05 or 2026-11-03T10:05-05:00",
    "{text} comes twice",
    "keep one row for each precinct",
    # shapes
    "this is no FeatureCollection",
    "has no property precinct_id",
    "add it to every feature",
    "{text} is no shape of a precinct",
    "export polygons",
    "a polygon has no ring",
    "export polygons again",
    "a ring is open or has under four points",
    "close it: the last point is the first",
    "a point is no pair of numbers",
    "export it as [longitude, latitude]",
    "a point lies off the globe",
    "this precinct has a shape already",
    # the county's published counts
    "{text} is not read",
    'write format = "csv" or "json"',
    'add [columns] with precinct = "…" and votes = "…"',
    "a table has no such place",
    'leave it out, or write format = "json"',
    'write {name} = "the heading there"',
    "{text} is out of bounds",
    "write minutes from {low} to {high}",
    'write address = "https://…"',
    "is no address",
    "is no plain address",
    "holds a name or password",
    "is not https",
    "write the https address of the published file, without a password",
    # early voting sites
    "{day} is not before {before}",
    "write a day before",
    "{text} is a precinct, too",
    "give it an id of its own",
    "{text} is there twice on {day}",
    "write it once a day",
    "{text} is at two sites on {day}",
    "choose one",
    "{text} is not in {file}",
    "correct it, or add it there",
    "give the site an id that can be texted",
    "{text} is no date",
    "write it as 2026-10-24",
    "is not after it opens",
    "correct one of the two",
    "{text} is no number of votes",
)  # fmt: skip
FILES = frozenset({"csv", "toml", "geojson"})
_NUMBER = "n"  # a place that holds a number


def folder_line(line: str, more: Sequence[str] = ()) -> str | None:
    """A finding in the language of who asks; None where the line is none. `more`: templates beside these."""
    place, found, rest = line.partition(": ")
    file, _, number = place.partition(":")
    if spoken() is ENGLISH or not found or file.rpartition(".")[2] not in FILES or " " in file:
        return None
    if number and not number.isdecimal():
        return None
    where = tr("{file}, line {line}", file=file, line=number) if number else file
    known = (*FINDINGS, *more)
    column, words = "", rest
    while True:
        before, found, words = words.partition(": ")
        if not found:
            break
        column = f"{column}: {before}" if column else before
        if told := _finding(words, known):
            return f"{where}: {column}: {told}"
    return f"{where}: {_finding(rest, known) or rest}"


def _finding(words: str, known: Sequence[str]) -> str | None:
    """What is wrong, and what to do about it, if both are known."""
    parts = words.split(", ")
    for place in range(1, len(parts)):
        what = by_template(", ".join(parts[:place]), known, _NUMBER)
        remedy = by_template(", ".join(parts[place:]), known, _NUMBER) if what else None
        if remedy:
            return f"{what}; {remedy}"
    return by_template(words, known, _NUMBER)

"""The columns of every file, and the headings that other tools give them (VAN, OpenElections, registrars).

Headings match without regard to case, spaces, dashes and underscores. The column's own name wins over its
synonyms, and an earlier synonym over a later one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    synonyms: tuple[str, ...] = ()
    required: bool = False


def _needs(name: str, *synonyms: str) -> Column:
    return Column(name, synonyms, required=True)


def _may(name: str, *synonyms: str) -> Column:
    return Column(name, synonyms)


_PRECINCT = ("Precinct", "PrecinctID", "PrecinctCode", "Precinct Number", "PCT", "Polling District")
_LANGUAGE = ("Preferred Language", "PrimaryLanguage", "Lang")

PRECINCTS = (
    _needs("precinct_id", *_PRECINCT),
    _may("name", "PrecinctName", "Precinct Name", "Polling Place", "PollingPlaceName", "Location"),
    _needs(
        "registered", "registered_voters", "Eligible_Voters", "RegisteredVoters", "Registration",
        "Total Registered", "Electorate",
    ),
    _may("county", "CountyName", "County Name", "Jurisdiction"),
    _may("group", "Region", "Ward", "Municipality"),
    _may("site_id", "PollingPlaceID", "PollingLocationID", "Site"),
    _may("aliases", "Alias", "Nicknames"),
    _may("expected_votes", "Expected", "Vote Goal", "Projected Votes"),
    _may("already_voted", "Early and Mail", "AlreadyVoted", "Early Votes"),
    _may("opens", "Polls Open", "Opens At"),
    _may("closes", "Polls Close", "Closes At"),
    _may("timezone", "Time Zone", "TZ"),
    _may("lat", "Latitude"),
    _may("lon", "Longitude", "Lng", "Long"),
)  # fmt: skip

HISTORY = (
    _needs("precinct_id", *_PRECINCT),
    _needs("election", "ElectionName", "Election Date", "ElectionDate"),
    _needs("votes", "Ballots Cast", "BallotsCast", "Total Votes", "Turnout"),
    _may("registered", "registered_voters", "Eligible_Voters", "RegisteredVoters"),
    _may("method", "Vote Method", "Ballot Method"),
    _may("kind", "Election Type", "ElectionType"),
)

CURVE = (
    _needs("scope"),
    _may("election", "ElectionName", "Election Date"),
    _needs("time", "Local Time", "Hour"),
    _needs("share", "Cumulative Share"),
)

WATCHERS = (
    _needs("watcher_id", "WatcherID", "VolunteerID", "MyC_VANID", "VANID"),
    _needs("name", "Full Name", "Watcher", "Volunteer Name"),
    _needs("phone", "CellPhone", "Cell", "Mobile", "MobilePhone", "Phone Number", "Preferred Phone"),
    _may("language", *_LANGUAGE),
    _needs("precinct_ids", "Precincts", *_PRECINCT),
    _may("backup_phone", "Second Phone", "Other Phone", "HomePhone", "Home Phone"),
    _may("coordinator", "Captain", "Organizer"),
    _may("shift_start", "Shift Begins", "StartTime"),
    _may("shift_end", "Shift Ends", "EndTime"),
)

VOTERS = (
    _needs(
        "voter_id", "VoterFileID", "Voter File VANID", "StateFileID", "Voter Registration Number", "VANID"
    ),
    _needs("precinct_id", *_PRECINCT),
    _may("roll_number", "Roll", "Page Line", "Line Number", "Sequence Number", "Electoral Roll Number"),
    _needs("name", "Full Name", "Voter Name", "VoterName"),
    _needs(
        "phone", "CellPhone", "Cell", "Preferred Phone", "Phone Number", "Mobile", "HomePhone", "Home Phone"
    ),
    _may("language", *_LANGUAGE),
    _may("support", "Support Score", "SupportScore"),
    _may("turnout", "Turnout Score", "TurnoutScore", "Likelihood"),
    _may("voted", "Already Voted", "Has Voted", "Early Voted", "Ballot Returned"),
    _may("do_not_call", "DoNotCall", "DNC"),
    _may("timezone", "Time Zone", "TZ"),
    _may("address", "VAddress", "Voting Address", "Street Address"),
    _may("birth_year", "Year of Birth", "BirthYear", "YOB"),
)

CALLERS = (
    _needs("caller_id", "CallerID", "VolunteerID", "VANID"),
    _needs("name", "Full Name", "Caller"),
    _needs("email_or_phone", "Contact", "Email", "Phone", "CellPhone", "Preferred Email"),
    _may("languages", "Language", *_LANGUAGE),
    _may("counties", "County", "CountyName"),
    _may("elsewhere", "Other Counties"),
)

REPORTS = (
    _needs("precinct_id", *_PRECINCT),
    _needs("observed_at", "Observed", "Time", "Time Observed"),
    _needs("votes", "Count", "Ballots Cast", "Turnout"),
    _may("received_at", "Received", "Time Received"),
    _may("kind", "Type"),
    _may("source", "Watcher", "Sender"),
    _may("note", "Notes", "Comment"),
)

FILES: dict[str, tuple[Column, ...]] = {
    "precincts.csv": PRECINCTS,
    "history.csv": HISTORY,
    "curve.csv": CURVE,
    "watchers.csv": WATCHERS,
    "voters.csv": VOTERS,
    "callers.csv": CALLERS,
    "reports.csv": REPORTS,
}


def folded(heading: str) -> str:
    """A heading without what people vary: case, spaces, punctuation."""
    return "".join(c for c in heading.casefold() if c.isalnum())


def matched(headings: list[str], columns: tuple[Column, ...]) -> dict[str, int]:
    """Which place each column has; a column that the file lacks is absent."""
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        places.setdefault(folded(heading), place)
    own = {folded(c.name) for c in columns}
    found: dict[str, int] = {}
    taken: set[int] = set()
    for column in columns:
        if folded(column.name) in places:
            found[column.name] = places[folded(column.name)]
            taken.add(found[column.name])
    for column in columns:
        if column.name in found:
            continue
        for synonym in map(folded, column.synonyms):
            # A heading that is another column's own name keeps that meaning.
            if synonym in places and synonym not in own and places[synonym] not in taken:
                found[column.name] = places[synonym]
                taken.add(places[synonym])
                break
    return found

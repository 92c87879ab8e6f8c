"""The words by which a table is known for what it is."""

import re

PARTIES = frozenset(
    {
     "dem", "rep", "ind", "lib", "grn", "oth", "una", "npa", "nop", "democrat", "democratic",
     "republican", "libertarian", "green", "other", "independent", "unaffiliated", "nonpartisan",
     "noparty", "unenrolled", "nopartyaffiliation", "democrats", "republicans",
    }
)  # fmt: skip

OF_NO_PARTY = frozenset(
    {"npa", "una", "nop", "npp", "noparty", "unaffiliated", "nonpartisan", "unenrolled", "nopartyaffiliation"}
)

ANY_VOTERS = frozenset(
    {"voters", "votercount", "numberofvoters", "totalvoters", "votertotal", "totalcount", "people"}
)

VOTED_EARLY = re.compile(r"early|absentee|\bmail|vbm|\bev\b|advance|postal", re.I)

HAS_VOTED = frozenset({"ballotreturned", "ballotreceived", "returned", "votedat"})

ENROLLED = re.compile(r"registration|registered|enroll?ment|electorate", re.I)

# Headings that may count anything.
VAGUE = frozenset({"count", "total", "votes", "ballots", "voted", "received", "returned", "accepted"})

WATCHING = re.compile(
    r"watcher|observer|volunteer|shift|captain|coordinator|assign|pollwatch|inspector|challenger|scrutineer"
    r"|poll.?agent|poll.?watch|watching|teller|observa|beobacht|osservat|interventor|rappresentant|reprezentant",
    re.I,
)

OF_A_ROLL = re.compile(r"voter|regist|elector", re.I)

CALLING = re.compile(r"caller|phone.?bank|canvass|telefonist|anrufer|llamad|dialer", re.I)

REGISTERS = re.compile(
    r"(?:^|[^a-z])reg(?:istr|istered|\b|[^a-z])|enrol|voter.?(?:count|roll|list|stat)|voters.?by|electorate",
    re.I,
)  # in a file's name or title

NUMERIC = re.compile(r"[\d,]+(\.0)?|[1-9]\d{0,2}(\.\d{3})+(,0+)?")

OF_TURNOUT = re.compile(r"turnout|ballot|vote|voting|cast|result|participation|history", re.I)

BEFORE = re.compile("early|absentee|mail|vbm", re.I)

OF_CANDIDATES = re.compile(r"write|\b(dem|rep|lib|grn|ind)\b|over ?votes|under ?votes", re.I)

# What is counted by precinct, and is nobody's votes.
OTHER_THINGS = re.compile(
    r"population|\bv\.?a\.?p\b|officer|arrest|complaint|crime|signature|yard.?sign|door|knock|pledge|goal|target"
    r"|household|housing|income|volunteer|contact|donor|donation|member|attempt|literature|acre|sq\.? ?mi",
    re.I,
)

OF_AN_ELECTION = re.compile(
    r"result|election|elect\b|canvass|vote|voting|contest|\brace\b|ballot|govern|president|senat|congress|primary"
    r"|general|council|mayor|sheriff|judge|sovc?\b|candidat|turnout|referend|runoff|wahl|elezion|elecci|scrutin"
    r"|alegeri|precinct.?by.?precinct|\bhouse\b|\bboard\b|(?<!\d)(?:19[89]|20[0-4])\d(?!\d)",
    re.I,
)

# Headings that say how many have voted.
TOTALS = frozenset(
    {
     "ballotscast", "totalballotscast", "ballotscasttotal", "totalballots", "ballotscounted", "votescast",
     "totalvotescast", "totalvotes", "votersvoted", "cardscast", "totalturnout", "totalcardscast",
     "votes", "votersvoting", "totalballotscounted", "numbervoted", "ballots", "totalcast",
     "voterturnout", "turnout", "voted", "totalvoted", "turnouttotal", "publiccount", "timescast",
     "totvote", "totvoting", "totalvoting", "cast", "timescounted", "cardscounted", "ballotstallied",
     "ballotstabulated", "numbervoting", "totalnumbervoting", "personsvoting", "peoplevoted",
     "voterswhovoted", "numberofvoterswhovoted", "voterscheckedin", "checkedin", "votescounted",
     "totalvotescounted", "totalvotersvoting", "ballotsread", "totalballotsread",
     "totalnumberofballotscast", "votersparticipating", "numberofvotersvoting", "ballotpapersissued",
     "votespolled",
    }
)  # fmt: skip

"""Why something was refused: what accounts, keys, webhooks and the call desk say, told in other languages."""

from dashboard.languages.catalogue import ENGLISH
from dashboard.languages.chosen import noted_all, spoken
from dashboard.languages.other_services import by_template

# The narrower before the wider: the first that makes a sentence tells it.
REFUSALS = noted_all(
    # accounts and passwords
    "there is already an account {login}; use reset to give it a new password",
    "there is no account {login}; list shows all of them",
    "{login} cannot be a login: letters, digits, dot, dash, underscore and @ only",
    "there are accounts already: sign in, or ask an admin for one",
    "a lead needs at least one county",
    "a password needs at least {n} characters",
    "a password has at most {n} characters",
    "a password needs at least {n} different characters",
    "a password is what anybody would try first: leave out the login and words such as election or password",
    # keys of the API, webhooks
    "A key needs a name of letters and digits, 60 at most: say what it is for",
    "Choose what the key opens",
    "A key has 1 to {most} requests a minute",
    "There is a key {name} already: revoke it first, or choose another name",
    "There is no such key, or it was revoked before",
    "A webhook's address begins with https:// and holds no login",
    "That is an address of a private network: events go to public hosts alone",
    "Choose what it is told of",
    "There are {n} webhooks already: end one first",
    "There is no such webhook, or it has ended",
    # the call desk
    "Name a move: call, retry, staff or watch",
    "There is no such caller",
    "Name a voter or a caller",
    "A trial runs already; end it first",
    "A trial of scripts runs; end it first",
    "No trial of scripts has been started",
    "No trial runs",
    "There is no such list",
    "There is no such precinct in this election",
    "The polls there have closed",
    "Nobody calls there",
    "There is no such {kind}: {names}. Nothing was changed",
    "There is no such {kind}",
    "{line}: use the fields {names} only",
    "between 1 and {n} lines, none of them empty",
    "You have taken {n} voters on lists and sheets within an hour, of {most} at most "
    "(BELUGA_LISTED_PER_HOUR). Ask for fewer lines, or later",
    "There is no such voter on the roll",
    "They have voted already",
    "They asked to be left alone",
    "They have a ride that is not over",
    "That driver has another ride",
    "The voter sits in a car, or waits at the polls for its driver: take it from the driver first",
    "This ride is over",
    "There is no such ride",
    "There is no such driver, or their link was taken away",
    # trials and outcomes of lists
    "{name} wins: {share} more promises than the next",
    "no difference found after {n} answers each",
    "{n} of at most {most} answers each",
    "the heading needs the columns lease_id and outcome",
    "lease_id: not a line of this list",
    "outcome: another one has been recorded before",
    "{columns}: cannot be read",
)  # fmt: skip
_MADE_ONE = "; without --password-stdin one is made"  # for whoever types commands
_NUMBER = "n"


def refusal_words(sentence: str) -> str:
    """A refusal in the language of who asks, without advice about options of a command."""
    plain = sentence.removesuffix(_MADE_ONE)
    if spoken() is ENGLISH:
        return plain
    told = by_template(plain.removesuffix("."), REFUSALS, _NUMBER)
    return plain if told is None else told + "." * plain.endswith(".")

"""The root of the errors of the callers' service, and their tree.

    CallersError
        AlreadyRecordedError          a lease has another outcome
        BankClosedError               a phone bank that is over or full
            UnknownCodeError          no phone bank has this code
        ClosedRollError               an hour after close no phone gets the roll
        EndedLinkError                a watcher's link that is not, or no longer, good
        KeyMismatchError              the key does not open the voters' records; docstrings are messages
            LateKeyError
            SealedError
            ShortKeyError             (also a ValueError)
        NoRollError                   none of that precinct for this link
        NoRideError                   no ride for this voter: voted, opted out, has one
        NobodyLeftError               no dispatch where nobody is left to call
        PollsClosedError              no dispatch after the polls have closed
        RideRefusedError              a ride cannot be done that to
        RollBudgetError               a link had the names as often as it may
        TooLateError                  an outcome that can no longer be undone
        TooManyJoinedError            more callers from one address than a room holds
        TooManyListedError            more voters on lists within an hour than an account may take
        TrialRunsError                one A/B test runs already
        UnknownLeaseError             no such lease of this caller
        UnknownListError
        UnknownPrecinctError
        UnknownRideError

What the database raises is not wrapped; `callers/api/answers.py` turns each of these into an answer.
"""


class CallersError(Exception):
    """What the callers' service raises of its own."""

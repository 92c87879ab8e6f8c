"""The root of the war room's errors, and their tree.

    DashboardError
        AccountChangeRefusedError     what an admin may not do to an account; the message says why
        ActionRefusedError            a button's request that cannot be done as asked; the message says why
        AddressRefusedError           a webhook's name that leads to a private network (also an OSError)
        CallingFormError              a form of the calling page that makes no order
        NotSentError                  an alert that could not be sent out
        NotTakenError                 an event that an operator's webhook did not take
        PrecinctFormError             a row that makes no precinct, or changes what may not change now
        RunBusyError                  another command is under way
        ServiceClientError            another service did not do what was asked: words and a status
        SetUpRefusedError             a step of the set-up that cannot be taken now
        UploadRefusedError            a file, or a piece of one, that is not taken
        WatcherFormError              a form that makes no watcher

What the database or the network raises is not wrapped: `election.postgres.database.UNREACHABLE` names it.
"""


class DashboardError(Exception):
    """What the war room raises of its own."""

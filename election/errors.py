"""The root of the errors of the shared code, and their tree.

    ElectionError
        AccountError                  an account cannot be as asked; the message says what to do
            AccountExistsError
            AccountRefusedError
            NoSuchAccountError
        ApiKeyError                   a key of the API that cannot be made or ended as asked
        BadTokenError                 a token that is not ours, changed or too old
            AccessEndedError          it was good once
        DeposedError                  another service leads now
        FolderError                   an election folder that cannot be used, with its problems
        LockedOutError                a migration that never got its lock
        NoWritableHostError           no PostgreSQL host takes writes (also a ConnectionError)
        NotReplicatedError            a commit without its replica's word (also a ConnectionError)
        PhoneTakenError               another watcher has this phone
        ShapeError                    a geometry that cannot be drawn
        TwoSendersError               two senders with one hash: the log is read row by row
        WebhookError                  a webhook that cannot be made or ended as asked

What the database or the network raises is not wrapped: `election.postgres.database.UNREACHABLE` names it.
"""


class ElectionError(Exception):
    """What the shared code raises of its own."""

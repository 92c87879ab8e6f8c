"""The root of the war room's errors, and their tree.

    DashboardError
        ActionRefusedError            a button's request that cannot be done as asked; the message says why
        NotSentError                  an alert that could not be sent out
        ServiceClientError            another service did not do what was asked: words and a status

What the database or the network raises is not wrapped: `election.postgres.database.UNREACHABLE` names it.
"""


class DashboardError(Exception):
    """What the war room raises of its own."""

"""The root of intake's errors, and their tree.

    IntakeError
        Ask                           no failure: a text could be read two ways, and its sender is asked
        BadCursorError                a page of a desk's queue that is none (also a ValueError)
        DeskRefusedError              a desk's refusal: status and words
        JournalUnavailableError       a message could not be made durable: 503, the sender tries again
        LogLostError                  a journal's write-ahead log was taken away while in use
        MalformedError                signed, but not what the provider sends: 400
        NoPictureError                bytes that are no picture, or none that we show
        OfficialUnreadError           the official source was not read, and why
        PhotoRefusedError             a photo will not be fetched: another address, too large, no picture
        PhotoUnavailableError         a photo cannot be fetched now; later it may
        ProviderUnavailableError      the provider has not taken a text: it may be tried again
        RevokedLinkError              a watcher's link that was good once
        TextRefusedError              the provider will not send a text
        TornJournalError              a journal file that cannot be read
        UncertainError                the provider's answer to a text is lost: it is never sent again
        WebhookRefusedError           the signature is missing, wrong or too old: 403
        _LinkError                    a watcher's link that is no (longer) good

What the database or the network raises is not wrapped: `election.postgres.database.UNREACHABLE` names it.
"""


class IntakeError(Exception):
    """What intake raises of its own."""

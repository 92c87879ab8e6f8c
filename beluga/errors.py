"""The root of the errors of the commands, the stack and the proofs, and their tree.

    BelugaError
        AskedError                    somebody must say that this is meant
        BackupError                   a backup that was not made, or does not hold what it should
        CommandRefusedError           a command will not, or cannot, do what it was asked
        CorrectionRefusedError        intake refused a correction
        DamagedSecretsError           the file of secrets cannot be read
        MappingFileError              mapping.toml cannot be read
        NoCountError                  a cell of a county's file that should hold a count
        NoElectionError               nothing to recount
        NoPublicMapError              the public paths did not come with this installation
        NoRosterError                 nobody to call up
        NoRosterToReadError           nothing to read texts against
        NoStackError                  no stack runs in this folder
        NotAgreedError                an import that is not to be
        NothingImportedError          the database holds no election yet
        PostgresError                 PostgreSQL did not start
        ProviderRefusedError          a provider of telephone numbers did not do what was asked
        StackBusyError                another supervisor holds the state folder
        StackError                    the stack could not start
        StackFailedError              the stack did not come up
        StepFailedError               a step of an installation could not be done
        UnpreparedDatabaseError       the database has not had all migrations
        UnreadableMapError            a map of precincts that cannot be read
        UpgradeFailedError            another version was not taken
        _NotForGoodError              rolls a dry run back

`beluga/stack/failures.py` says each in one line with what to do; anything else is a defect and seen whole.
"""


class BelugaError(Exception):
    """What commands, the stack and the proofs raise of their own."""

"""The root of the experiments' errors, and their tree.

    ChaosError
        ExperimentError               a file that is no experiment we could run
        NoRunbookError                there is no such page
        NoTargetError                 no rehearsal runs in this state folder
        ScriptError                   a game day's script that cannot be played
        UnavailableError              a fault that cannot be injected here

A fault that fails for another reason fails with that: the report shows it whole.
"""


class ChaosError(Exception):
    """What the experiments raise of their own."""

"""The catalogue of log events: each name that a line of our logs may carry in `event`, with its fields.

One event has one name, one level and the same fields wherever it is logged. A test compares this table with
every log call, both ways (tests/election/runtime/test_log_events.py); `docs/log-events.md` is made from it.
A field is an id, a kind or a number: never a phone, a person's name, a text or a secret. Lines of
libraries (aiohttp, waitress) are theirs, and not in here.
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning", "error", "critical"]
INFO: Level = "info"
WARNING: Level = "warning"
ERROR: Level = "error"
CRITICAL: Level = "critical"

# Every line has these: when (UTC), how grave, which event; most name the process, the tally's its part, too.
COMMON = {
    "timestamp": "when, UTC, ISO 8601",
    "level": "info, warning, error or critical",
    "event": "one of the names below",
    "service": "the process that says it",
    "part": "the part of the tally that says it",
}

# A field means the same in each event that has it.
FIELDS = {
    "account": "login of an account, or the service that asked",
    "again_in_seconds": "pause before the next try",
    "answered": "silences that ended, whose waiting reminders were cancelled",
    "check_ins": "check-ins read",
    "child": "program that the stack started: postgres, intake, tally, callers, dashboard",
    "connected": "whether it had been connected before",
    "connections": "connections that were ended",
    "depth": "messages that wait in the journal",
    "epoch": "number of the leader's term; none where it leads no more",
    "error": "class of the exception, with its words where they hold nobody's data",
    "exception": "trace of what was raised",
    "feed_port": "port of the feed",
    "file": "file's name, without its folder",
    "folder": "folder's path",
    "host": "address it listens at",
    "journal": "label of a journal file",
    "leadership": "work that one service at a time may do: outbox, dispatch",
    "login": "login that an account has; empty where none has it",
    "made": "texts made",
    "message": "id of a message (`messages.message_id`)",
    "network": "address that a sign-in came from; of an IPv6 address its /64",
    "newest": "number of the term that has begun since",
    "path": "path of a file or folder",
    "pid": "number of the process",
    "port": "port it listens at",
    "precincts": "number of precincts",
    "provider": "provider of texts",
    "provider_message_id": "the provider's id of a message",
    "reason": "why, in a word or a sentence",
    "remedy": "what to do first",
    "revoked": "number of watchers whose links were revoked",
    "role": "the account's role",
    "roster": "version of the roster",
    "second_factor": "whether a one-time code was asked for",
    "seconds": "how long it took",
    "seconds_ahead": "how far the provider's clock is ahead of ours",
    "setting": "the setting that does not hold",
    "share": "share of households that are never called",
    "silent": "whether the host did not answer at all",
    "silent_seconds": "how long it had given no sign of life",
    "state": "state of a text in the outbox",
    "status": "exit status; negative: the signal that ended it",
    "task": "name of a part of the service",
    "texts": "number of texts",
    "times": "how often it has hung since the stack was started",
    "undrained": "messages in the journal that the database does not have yet",
    "version": "version of the stored election",
    "watchers": "number of watchers",
    "way": "how alerts leave: webhook, coordinator's phone",
    "what": "kind of thing asked for: a room, a desk, a deed, a kind of link",
    "whose": "account, caller's id or phone bank that the access had been given to",
    "work": "what waits: desk, door, outbox, roster, places, …",
    "worker": "number of one of several intakes",
}


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event. `rooms`: packages whose code logs it. `sometimes`: fields that not every such line has."""

    name: str
    level: Level
    rooms: tuple[str, ...]
    fields: tuple[str, ...]
    when: str
    do: str
    sometimes: tuple[str, ...] = ()


_SERVICES = ("callers", "dashboard", "intake", "tally")
_NOTHING = "Nothing."

# fmt: off
EVENTS = (
    # ------------------------------------------------------------------ every service
    LogEvent("service_ready", INFO, _SERVICES, ("port",),
             "The service answers at its port.", _NOTHING, sometimes=("feed_port", "host", "undrained")),
    LogEvent("service_stopped", INFO, ("dashboard", "intake"), (),
             "The service has finished what it had begun, and ends.",
             "Nothing; where `undrained` is not 0, leave the journal where it is: the next start drains it.",
             sometimes=("undrained",)),
    LogEvent("service_cannot_start", ERROR, ("callers", "intake", "tally"), ("reason",),
             "The service ends at once: a port is taken, a setting is wrong, the journal cannot be opened.",
             "Mend what `reason` names; the supervisor tries again by itself."),
    LogEvent("task_failed", ERROR, ("callers", "intake", "tally"), ("task", "exception"),
             "A part of the service failed, by a defect of ours; callers and tally end, and start again.",
             "Keep the trace and report it; start intake again where the part is missed."),
    LogEvent("database_away", WARNING, (*_SERVICES, "election"), ("work", "error"),
             "PostgreSQL does not answer, or refuses, and `work` waits; tried again after 2 s at most.",
             "Nothing for half a minute (a failover); then runbooks/database-away.md. Texts are taken.",
             sometimes=("connected",)),
    LogEvent("database_reached", INFO, ("callers",), (),
             "The service had started without its database, and has it now.", _NOTHING),
    LogEvent("connections_ended", WARNING, ("election",), ("connections", "silent"),
             "Connections to a database that is primary no more were ended.", _NOTHING),
    LogEvent("leadership_changed", INFO, ("election",), ("leadership", "epoch"),
             "This service begins to lead, or leads no more (no `epoch`).", _NOTHING),
    LogEvent("leadership_lost", WARNING, ("election",), ("leadership", "error"),
             "The term could not be renewed: another leads, or the database is away.", _NOTHING),
    LogEvent("feed_connected", INFO, ("election",), (), "The tally's feed is followed.", _NOTHING),
    LogEvent("feed_gap", WARNING, ("election",), (),
             "A number of the feed is missing; a snapshot is asked for.",
             "Nothing, unless it comes every few minutes: then look at the tally's log."),
    LogEvent("feed_away", WARNING, ("election",), ("error",),
             "The tally's feed cannot be reached or read; said once until it is connected again.",
             "Look whether the tally runs (runbooks/tally-down.md)."),
    LogEvent("not_private", WARNING, ("election",), ("path", "error", "remedy"),
             "Others on this machine may read a file of ours, and it cannot be changed.",
             "As `remedy` says."),

    # ------------------------------------------------------------------ who may do what
    LogEvent("not_allowed", WARNING, ("election",), ("account", "what", "reason"),
             "An account asked for what is not its own; once a second for each account at most.",
             "Ask the person; a row of them is an attempt (docs/access.md)."),
    LogEvent("ended_access_used", WARNING, ("election",), ("what", "whose"),
             "Access that was taken away is used; once a second for each at most.",
             "runbooks/access-ended.md."),
    LogEvent("access_list_torn", ERROR, ("election",), ("error", "remedy"),
             "The list of accounts and ended links on disk cannot be read.",
             "Nothing where the database answers; else sign-ins wait for it."),
    LogEvent("access_list_not_kept", ERROR, ("election",), ("error", "remedy"),
             "That list is in force, but not on disk: a restart forgets it until the database answers.",
             "As `remedy` says; look for a full disk."),
    LogEvent("ended_sessions_torn", ERROR, ("election",), ("error", "remedy"),
             "The sessions that were signed out of cannot be read from disk.",
             "Nothing where the database had been told of them; else sign the accounts out everywhere."),
    LogEvent("ended_session_not_kept", ERROR, ("election",), ("error", "remedy"),
             "Somebody signed out, and the disk did not take it.", "As `remedy` says; look for a full disk."),
    LogEvent("signed_in", INFO, ("dashboard",), ("login", "role", "second_factor", "network"),
             "Somebody signed in to the war room.", _NOTHING),
    LogEvent("sign_in_refused", INFO, ("dashboard",), ("login", "reason", "network"),
             "A password or code was wrong, or the account is disabled.",
             "A row of them from one network is guessing; it is held back by itself."),
    LogEvent("signed_out", INFO, ("dashboard",), ("login",), "Somebody signed out.", _NOTHING),
    LogEvent("signed_out_everywhere", INFO, ("dashboard",), ("login",),
             "Somebody ended every session of their account.", _NOTHING),
    LogEvent("hotline_entered", INFO, ("intake",), ("account",),
             "An operator opened the hotline with a staff link.", _NOTHING),

    # ------------------------------------------------------------------ intake: taking texts
    LogEvent("request_refused", WARNING, ("intake",), ("provider", "reason"),
             "A request was refused (signature, size, pace); once a second for each reason at most.",
             "`signature`: the provider's secret or public address is wrong (docs/providers.md)."),
    LogEvent("clock_skew", WARNING, ("intake",), ("provider", "seconds_ahead"),
             "A signed time is more than 30 s off; at 300 s texts are refused.", "runbooks/clocks-wrong.md."),
    LogEvent("answer_failed", ERROR, ("intake",), ("exception",),
             "A message is durable, and its answer could not be given; the sender asks again.",
             "Keep the trace and report it."),
    LogEvent("reader_failed", ERROR, ("intake",), ("provider_message_id", "exception"),
             "A text broke the reader; a person reads it at the desk.", "Keep the trace and report it."),
    LogEvent("roster_in_force", INFO, ("intake",), ("roster", "precincts", "watchers"),
             "Texts are read by this roster from now on.", _NOTHING),
    LogEvent("roster_unknown", INFO, ("intake",), ("reason",),
             "No roster is on disk; texts are kept and read once it has come.",
             "Load the election (`beluga import`), where none is stored."),
    LogEvent("roster_torn", ERROR, ("intake",), ("error", "remedy"),
             "The roster on disk cannot be read.", "Nothing where the database answers; texts wait for it."),
    LogEvent("links_in_force", INFO, ("intake",), ("revoked",),
             "Watchers' links that were revoked open nothing from now on.", _NOTHING),
    LogEvent("links_torn", ERROR, ("intake",), ("error", "remedy"),
             "The list of revoked links on disk cannot be read: until the database answers they open again.",
             "Bring the database back."),

    # ------------------------------------------------------------------ intake: journal and drain
    LogEvent("journal_begun", INFO, ("intake",), ("journal",), "A new journal file is written.", _NOTHING),
    LogEvent("journal_disk_full", ERROR, ("intake",), ("folder", "remedy"),
             "The disk is full; texts are refused and sent again by their providers.",
             "runbooks/intake-cannot-store.md, now."),
    LogEvent("journal_failed", ERROR, ("intake",), ("error", "remedy"),
             "The disk refused a write; a new file begins by itself.", "runbooks/intake-cannot-store.md."),
    LogEvent("journal_bug", ERROR, ("intake",), ("exception",),
             "A batch was refused by a defect of ours; its senders send again.",
             "Keep the trace and report it."),
    LogEvent("journal_recovered", INFO, ("intake",), (), "The disk takes writes again.", _NOTHING),
    LogEvent("journal_torn", ERROR, ("intake",), ("file", "reason", "remedy"),
             "A journal file cannot be read, or lost its -wal; what it holds may not be in the database.",
             "runbooks/journal-torn.md."),
    LogEvent("journal_ballast_missing", WARNING, ("intake",), ("error", "remedy"),
             "There is no room for the file that would be given up when the disk is full.",
             "As `remedy` says."),
    LogEvent("journal_ballast_released", ERROR, ("intake",), ("folder", "remedy"),
             "The disk was full, and the ballast was given up to go on.",
             "As `remedy` says; it happens once."),
    LogEvent("drain_waits", WARNING, ("intake",), ("error", "depth", "exception"),
             "The journal cannot be carried over now; tried again. With a trace where the error is unknown.",
             "runbooks/database-away.md; with a trace, report it."),
    LogEvent("message_quarantined", ERROR, ("intake",), ("message", "reason"),
             "The database refuses a message for what it holds; it is kept, and a person reads it.",
             "runbooks/messages-quarantined.md."),
    LogEvent("message_stays_in_journal", ERROR, ("intake",), ("message", "reason"),
             "Even its plain form was refused: the message is in the journal alone.",
             "Keep the journal; runbooks/messages-quarantined.md."),
    LogEvent("journal_without_worker", ERROR, ("intake",), ("folder", "remedy"),
             "An intake that is started no more left messages in its journal.", "As `remedy` says."),
    LogEvent("worker_died", ERROR, ("intake",), ("worker", "status", "again_in_seconds"),
             "One of several intakes ended by itself, and is started again.",
             "Look for its last lines above; runbooks/intake-down.md where it goes on."),
    LogEvent("worker_hung_killed", ERROR, ("intake",), ("worker", "silent_seconds"),
             "One of several intakes gave no sign of life and was killed; above: where its threads were.",
             "runbooks/service-hung.md."),

    # ------------------------------------------------------------------ intake: texts out
    LogEvent("sender_not_configured", ERROR, ("intake",), ("provider", "remedy"),
             "A number stands in the settings whose provider has no account there; nothing is sent by it.",
             "As `remedy` says (docs/outbound.md)."),
    LogEvent("number_rests", ERROR, ("intake",), ("provider", "reason"),
             "A number failed several times and rests; the next one sends.",
             "Look at the provider's console (docs/outbound.md)."),
    LogEvent("sender_failed", ERROR, ("intake",), ("provider", "exception"),
             "Sending broke by a defect of ours; that text is not sent a second time.",
             "Keep the trace and report it."),
    LogEvent("outbox_inherited", WARNING, ("intake",), ("state", "texts"),
             "The leader before had claimed these texts, and did not say what became of them.",
             "Nothing; `unknown` ones may or may not have gone out."),
    LogEvent("outbox_deposed", WARNING, ("intake",), ("epoch", "newest"),
             "Another intake sends now; this one wrote nothing more.", _NOTHING),
    LogEvent("outbox_failed", ERROR, ("intake",), ("exception",),
             "Sending broke by a defect of ours, and begins again.", "Keep the trace and report it."),
    LogEvent("outbox_answers_lost", ERROR, ("intake",), ("texts",),
             "A provider's answers could not be stored; the next leader takes these texts as unknown.",
             _NOTHING),
    LogEvent("reminders_made", INFO, ("intake",), ("made", "answered"),
             "Silent precincts' watchers are reminded; waiting reminders of the others were cancelled.",
             _NOTHING),
    LogEvent("watchers_moved", INFO, ("intake",), ("roster", "watchers"),
             "The desk's reassignments were put into the roster.", _NOTHING),

    # ------------------------------------------------------------------ tally
    LogEvent("election_loaded", INFO, ("dashboard", "tally"), ("precincts",),
             "The stored election, or another version of it, is in use.",
             _NOTHING, sometimes=("roster", "version")),
    LogEvent("log_read", INFO, ("tally",), ("check_ins", "seconds"),
             "Everything stored so far is counted.", _NOTHING),
    LogEvent("log_read_by_rows", WARNING, ("tally",), ("exception",),
             "The log could not be read in columns, and is read row by row: slower, with the same result.",
             "Report it: one message has two senders."),
    LogEvent("standings_ready", INFO, ("tally",), ("precincts",),
             "Standings were computed anew, and viewers get a snapshot.", _NOTHING),
    LogEvent("viewer_task_failed", ERROR, ("tally",), ("exception",),
             "A viewer's connection ended by a defect of ours; the viewer connects again.",
             "Keep the trace and report it."),
    LogEvent("call_desk_away", WARNING, ("tally",), ("reason",),
             "The callers' service does not answer; the board says so.", "runbooks/callers-down.md."),

    # ------------------------------------------------------------------ callers
    LogEvent("voters_key_wrong", CRITICAL, ("callers",), ("reason",),
             "The voter file in the database was encrypted with another key: no caller gets a voter.",
             "Set BELUGA_VOTERS_KEY as it was when the file was loaded (docs/callers.md)."),
    LogEvent("control_group_stands", WARNING, ("callers",), ("share", "setting"),
             "BELUGA_CONTROL_SHARE was changed after the first call: the control group stays as it was stated.",
             "Nothing; set it back, so that nobody takes the setting for what holds (docs/callers.md)."),

    # ------------------------------------------------------------------ war room
    LogEvent("accounts_unreadable", WARNING, ("dashboard",), ("error",),
             "Accounts cannot be read; those known last stay in force.",
             "Look at `error`; `beluga migrate`, where a column is missing."),
    LogEvent("audit_log_failed", ERROR, ("dashboard",), ("exception",),
             "What people did waits on disk, and the database refuses it.",
             "Keep the file; report the trace."),
    LogEvent("alerts_failed", ERROR, ("dashboard",), ("exception",),
             "Alerts are not looked for at the moment, by a defect of ours.",
             "Watch the board itself; report the trace."),
    LogEvent("alerts_not_sent", WARNING, ("dashboard",), ("way", "error"),
             "Alerts could not be sent; they are sent with the next look.",
             "Look at the webhook's other end."),
    LogEvent("snapshot_not_written", WARNING, ("dashboard",), ("error",),
             "The board's page for the hour of need could not be written.", "Look for a full disk."),
    LogEvent("snapshot_failed", ERROR, ("dashboard",), ("exception",),
             "That page could not be made, by a defect of ours.", "Keep the trace and report it."),
    LogEvent("places_unreadable", WARNING, ("dashboard",), ("error",),
             "The places on disk cannot be read; they are fetched from the database.", _NOTHING),
    LogEvent("election_unreadable", ERROR, ("dashboard",), ("exception",),
             "The stored election cannot be read; the one known last is shown.",
             "Load the election again; report the trace."),

    # ------------------------------------------------------------------ the stack's supervisor
    LogEvent("child_started", INFO, ("beluga",), ("child", "pid"),
             "A program of the stack was started.", _NOTHING),
    LogEvent("child_died", WARNING, ("beluga",), ("child", "status", "again_in_seconds"),
             "It ended by itself, and is started again.",
             "Where it goes on, the runbook of that service: runbooks/README.md."),
    LogEvent("child_cannot_start", ERROR, ("beluga",), ("child", "error"),
             "It could not be started; tried again.", "Mend what `error` names."),
    LogEvent("child_hung_killed", ERROR, ("beluga",), ("child", "pid", "reason", "times"),
             "It gave no sign of life and was killed; where its threads were stands in its own log.",
             "runbooks/service-hung.md."),
    LogEvent("child_killed_at_stop", WARNING, ("beluga",), ("child",),
             "It did not end when asked, and was killed; a journal loses nothing by that.", _NOTHING),
    LogEvent("stack_state_not_kept", ERROR, ("beluga",), ("error", "remedy"),
             "What runs could not be written for the commands beside the stack.", "As `remedy` says."),
)
# fmt: on

BY_NAME = {event.name: event for event in EVENTS}

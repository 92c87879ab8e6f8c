"""Settings of the callers' service. Durations are in stack seconds unless a field says real ones."""

from datetime import time, timedelta

from pydantic import Field, SecretStr

from callers.rules.budgets import Budgets
from callers.rules.limits import Limits
from callers.rules.policy import Rules
from callers.voters.encryption import Encryption
from election.runtime.settings import SharedSettings


class CallersSettings(SharedSettings):
    """Where it listens, whom it calls and when."""

    callers_port: int = Field(default=8403, description="Port of the callers' page and API.")
    feed_url: str = Field(
        default="ws://127.0.0.1:8405",
        description="The tally's feed; without it only staff's orders are served.",
    )
    feed_stale_seconds: float = Field(
        default=15.0,
        description="Real seconds without a word of the feed after which standings decide nothing (law L6).",
    )
    pool_size: int = Field(
        default=16, description="Database connections: so many commits share one write to disk at most."
    )
    lease_seconds: float = Field(
        default=600.0, description="A lease without heartbeat lasts this long: one long call and its notes."
    )
    undo_seconds: float = Field(default=10.0, description="Real seconds in which an outcome can be undone.")
    voters_key: SecretStr = Field(
        default=SecretStr(""),
        description="Seals voters' names, phones and addresses at rest; at least 32 characters.",
    )
    call_from: time = Field(default=time(9), description="No calls before, in the voter's local time.")
    call_until: time = Field(
        default=time(20, 30), description="No calls from then on, in the voter's local time."
    )
    no_answer_minutes: float = Field(default=90.0, description="Rest after nobody answered.")
    no_answer_tries: int = Field(
        default=3, ge=1, description="Calls without answer after which a phone rests."
    )
    turnout_weight: float = Field(
        default=1.0,
        description="Exponent of the turnout score in the order of a queue; negative: unlikely first.",
    )
    support_weight: float = Field(
        default=1.0, description="Exponent of the support score in the order of a queue."
    )
    leases_per_hour: int = Field(
        default=240, description="Voters one caller may see an hour (stack time): stops scraping, not work."
    )
    leases_burst: int = Field(
        default=30, description="Voters one caller may ask for at once before the rate counts."
    )
    shown_unreported: int = Field(
        default=3,
        ge=1,
        description="Voters shown to one caller whose outcome has not come; then it is asked for first.",
    )
    shown_a_minute: int = Field(
        default=6, ge=1, description="Voters shown to one caller a minute (stack time): a call takes longer."
    )
    shown_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Stack seconds in which a phone bank, and an address, is shown one voter for each of its "
        "callers.",
    )
    bank_callers: int = Field(
        default=10, ge=1, description="A phone bank with fewer callers is shown as many voters as so many."
    )
    address_callers: int = Field(
        default=50,
        ge=1,
        description="Callers behind one address (IPv6: /64) who can sign up and work, where their phone bank "
        "is not larger.",
    )
    wrong_codes_a_minute: int = Field(
        default=30, ge=1, description="Wrong join codes from one address, after which it waits."
    )
    listed_per_hour: int = Field(
        default=10_000,
        ge=1,
        description="Voters one account may take on lists, sheets and walk sheets an hour (stack time).",
    )
    roll_names: bool = Field(
        default=False,
        description="Give watchers' phones names and addresses of their own precinct's roll, to strike off "
        "by; otherwise numbers alone.",
    )
    roll_downloads: int = Field(
        default=6,
        ge=1,
        description="Times one link may fetch the names of one precinct within 24 hours (stack time).",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1,::1",
        description="Addresses or networks, separated by commas, whose X-Forwarded-For is believed.",
    )
    phone_region: str = Field(
        default="US",
        description="Country (ISO 3166) of drivers' phones that are given without their +country.",
    )
    control_share: float = Field(
        default=0.0,
        ge=0.0,
        le=0.5,
        description="Share of households never called, so that what calls bring is known; stated before "
        "the first call. 0.05 measures enough.",
    )
    dispatch_automatic: bool = Field(
        default=True, description="Open lagging precincts without asking; otherwise only propose them."
    )
    dispatch_least_missing: float = Field(
        default=10.0, description="Votes missing below which none starts itself."
    )
    dispatch_least_probability: float = Field(
        default=0.7, description="Certainty of lag below which none starts."
    )
    dispatch_most_precincts: int = Field(default=500, description="Precincts open at once by themselves.")
    dispatch_most_callers: int = Field(default=50, description="Callers in one precinct by themselves.")
    dispatch_line_minutes: int = Field(
        default=45, description="A line this long holds an automatic dispatch."
    )
    dispatch_line_people: int = Field(
        default=100, description="People in line that hold an automatic dispatch."
    )

    @property
    def encryption(self) -> Encryption:
        """Raises `ShortKeyError`."""
        return Encryption(self.voters_key.get_secret_value())

    @property
    def rules(self) -> Rules:
        return Rules(
            call_from=self.call_from,
            call_until=self.call_until,
            no_answer_rest=timedelta(minutes=self.no_answer_minutes),
            no_answer_tries=self.no_answer_tries,
        )

    @property
    def budgets(self) -> Budgets:
        return Budgets(
            unreported=self.shown_unreported,
            caller=self.shown_a_minute,
            hour=self.leases_per_hour,
            bank=self.bank_callers,
            address=self.address_callers,
            seconds=self.shown_seconds,
        )

    @property
    def limits(self) -> Limits:
        return Limits(
            automatic=self.dispatch_automatic,
            least_missing=self.dispatch_least_missing,
            least_probability=self.dispatch_least_probability,
            most_precincts=self.dispatch_most_precincts,
            most_callers=self.dispatch_most_callers,
            line_minutes=self.dispatch_line_minutes,
            line_people=self.dispatch_line_people,
        )

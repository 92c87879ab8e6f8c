"""What intake must know to text people of its own accord, and for the desks. Part of `IntakeSettings`."""

from datetime import time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from election.runtime.settings import SharedSettings
from intake.replies.purposes import Purpose, QuietHours
from intake.replies.send_rate import PRESETS, WHATSAPP


class OurNumber(BaseModel):
    """A number that we send from. The first one sends; the next steps in when it fails."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: str
    provider: Literal["twilio", "telnyx", "vonage", "plivo", "bandwidth", "file"]
    preset: Literal["10dlc", "toll_free", "short_code", "whatsapp", "file"] = "10dlc"
    rate: float | None = Field(
        default=None, gt=0, le=10_000
    )  # segments a second, where the carrier gave another

    @model_validator(mode="after")
    def _whatsapp_by_twilio(self) -> "OurNumber":
        if self.number.startswith(WHATSAPP) and self.provider not in ("twilio", "file"):
            raise ValueError("WhatsApp goes through Twilio: write the number with provider twilio")
        return self

    def budget(self) -> tuple[float, float]:
        """(segments a second, burst)."""
        rate, burst = PRESETS[self.preset]
        return (rate, burst) if self.rate is None else (self.rate, max(burst, self.rate))


class OutboundSettings(SharedSettings):
    """Settings of the outbox, reminders and desks. Durations are in stack time unless a field says real."""

    outbound_numbers: list[OurNumber] = Field(
        default_factory=list,
        description='Numbers we send from, as JSON: [{"number": "+12155550100", "provider": "twilio", '
        '"preset": "10dlc"}]; presets 10dlc (1.25 segments/s), toll_free (25), short_code (100); the second '
        "takes over when the first fails. Empty: texts wait in the outbox and expire.",
    )
    outbound_quiet: str = Field(
        default="21:00-08:00",
        description="Local hours (HH:MM-HH:MM) in which we begin no conversation; answers still go out.",
    )
    twilio_account_sid: str = Field(default="", description="Twilio's account (AC…), for sending.")
    twilio_api_url: str = Field(default="https://api.twilio.com", description="Twilio's API, for sending.")
    whatsapp_templates: dict[Purpose, str] = Field(
        default_factory=dict,
        description='WhatsApp templates by purpose, as JSON: {"reminder": "HX…"}; each is approved with one '
        "variable, {{1}}, which takes our text. Without one a purpose goes as SMS after 24 hours of silence.",
    )
    telnyx_api_key: SecretStr = Field(default=SecretStr(""), description="Telnyx's API key, for sending.")
    telnyx_api_url: str = Field(default="https://api.telnyx.com", description="Telnyx's API, for sending.")
    vonage_api_key: str = Field(default="", description="Vonage's API key, for sending.")
    vonage_api_secret: SecretStr = Field(
        default=SecretStr(""), description="Vonage's API secret, for sending."
    )
    vonage_api_url: str = Field(
        default="https://rest.nexmo.com", description="Vonage's SMS API, for sending."
    )
    plivo_auth_id: str = Field(default="", description="Plivo's auth id (MA…), for sending.")
    plivo_api_url: str = Field(default="https://api.plivo.com", description="Plivo's API, for sending.")
    bandwidth_account: str = Field(default="", description="Bandwidth's account number, for sending.")
    bandwidth_api_login: SecretStr = Field(
        default=SecretStr(""), description="USER:PASSWORD of Bandwidth's API, for sending."
    )
    bandwidth_application: str = Field(
        default="", description="The messaging application's id at Bandwidth, for sending."
    )
    bandwidth_api_url: str = Field(
        default="https://messaging.bandwidth.com", description="Bandwidth's messaging API, for sending."
    )
    feed_url: str = Field(
        default="ws://127.0.0.1:8405",
        description="The tally's feed, for hints and reminders; while it is away there are none.",
    )
    reminder_minutes: float = Field(
        default=20.0,
        ge=0,
        description="Minutes between the three steps of reminding a silent precinct (watcher, backup phone, "
        "coordinator); 0: no reminders.",
    )
    incident_follow_up_minutes: float = Field(
        default=30.0,
        ge=0,
        description="Minutes within which a sender's next problem text belongs to their open one there.",
    )
    desk_take_seconds: float = Field(
        default=120.0, gt=0, description="Real seconds for which a desk's item belongs to who took it."
    )

    @field_validator("outbound_quiet")
    @classmethod
    def _hours(cls, value: str) -> str:
        _quiet(value)
        return value

    @property
    def quiet(self) -> QuietHours:
        return _quiet(self.outbound_quiet)

    @property
    def reminder_interval(self) -> timedelta:
        return timedelta(minutes=self.reminder_minutes)

    @property
    def incident_window(self) -> timedelta:
        return timedelta(minutes=self.incident_follow_up_minutes)


def _quiet(value: str) -> QuietHours:
    try:
        start, end = (time.fromisoformat(part.strip()) for part in value.split("-"))
    except ValueError:
        raise ValueError("write the quiet hours as HH:MM-HH:MM, for example 21:00-08:00") from None
    return QuietHours(start, end)

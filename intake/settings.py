"""What intake must know, from `BELUGA_…` in the environment. Secrets come from there or from files only."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from intake.outbound_settings import OutboundSettings


class IntakeSettings(OutboundSettings):
    """Settings of `python -m intake`."""

    intake_port: int = Field(default=8401, description="Port of webhooks, the watcher's form and decisions.")
    public_url: str = Field(
        default="http://127.0.0.1:8401",
        description="How providers and watchers reach intake from outside, without a path's end slash. "
        "Providers sign this URL, so it must be exactly what is configured with them.",
    )
    twilio_auth_token: SecretStr = Field(
        default=SecretStr(""), description="Twilio's auth token; empty: /sms/twilio refuses everything."
    )
    twilio_shared_key: SecretStr = Field(
        default=SecretStr(""),
        description="Secret of the shared key, where Twilio's webhook settings sign with one; else empty.",
    )
    generic_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Shared secret of the generic webhook; empty: /sms/generic refuses everything.",
    )
    watchers_number: str = Field(
        default="",
        description="The number that watchers text (E.164), where the form's `send as text` goes; empty: the "
        "watcher picks it.",
    )
    phone_region: str = Field(
        default="US", description="Country (ISO 3166) of phone numbers that arrive without their +country."
    )
    journal_rotate_mib: int = Field(
        default=512, ge=1, description="MiB after which a new journal file begins; old files are kept."
    )
    journal_ballast_mib: int = Field(
        default=64,
        ge=0,
        description="MiB set aside beside the journal, to be deleted by hand when the disk is full.",
    )
    drain_batch: int = Field(
        default=1_000,
        ge=1,
        le=5_000,
        description="Messages a transaction to PostgreSQL; larger ones gain no speed and delay answers.",
    )
    drain_linger_ms: int = Field(
        default=20,
        ge=0,
        le=1_000,
        description="ms to wait for company before a transaction, so that PostgreSQL syncs less often.",
    )
    body_limit_bytes: int = Field(
        default=65_536, ge=1_024, description="Largest request body in bytes; providers send under 8 KiB."
    )
    stop_drain_seconds: float = Field(
        default=2.0, ge=0, description="Seconds that a stopping intake still tries to empty its journal."
    )
    stop_notice_seconds: float = Field(
        default=0.0,
        ge=0,
        le=10,
        description="Seconds that a stopping intake still takes texts while /readyz says 404, so that a door "
        "sends them to another first; 0 where there is no other.",
    )

    telnyx_public_key: SecretStr = Field(
        default=SecretStr(""),
        description="Telnyx's public key (base64); empty: /sms/telnyx refuses everything.",
    )
    vonage_signature_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Vonage's signature secret, for parameters and JWTs; empty: /sms/vonage refuses all.",
    )
    vonage_signature_method: Literal["md5hash", "md5", "sha1", "sha256", "sha512"] = Field(
        default="sha256",
        description="How Vonage signs parameters: as chosen in its dashboard (md5hash is the plain hash).",
    )
    plivo_auth_token: SecretStr = Field(
        default=SecretStr(""), description="Plivo's auth token; empty: /sms/plivo refuses everything."
    )
    bandwidth_login: SecretStr = Field(
        default=SecretStr(""),
        description="USER:PASSWORD that Bandwidth was told to send; empty: /sms/bandwidth refuses all.",
    )
    photo_limit_mib: int = Field(
        default=8,
        ge=1,
        le=64,
        description="MiB of the largest photo that is fetched and kept; carriers pass 5.",
    )
    acknowledge: Literal["journal", "replicated"] = Field(
        default="journal",
        description="journal: acknowledge after the local disk has it. replicated: after PostgreSQL and its "
        "synchronous standby have it, but after half a second the journal alone must do.",
    )
    intake_workers: int = Field(
        default=1, ge=1, le=64, description="Processes that share the port, each with its own journal."
    )
    intake_worker: int = Field(
        default=0, ge=0, le=63, description="Which of them this is; set by the first for the others."
    )
    phone_texts_per_minute: float = Field(
        default=30.0,
        ge=0,
        description="Texts a minute that one phone gets answers to; more are kept, unanswered. 0: no limit.",
    )
    phone_texts_at_once: float = Field(
        default=60.0, ge=1, description="Texts that one phone may send in a burst and be answered."
    )
    address_requests_per_second: float = Field(
        default=20.0,
        ge=0,
        description="Requests a second from one address, webhooks aside; more are put off (429). "
        "0: no limit. Generous, because the phones of a polling place or a carrier may share one address.",
    )
    address_requests_at_once: float = Field(
        default=400.0, ge=1, description="Requests that one address may send in a burst."
    )
    trusted_proxies: str = Field(
        default="127.0.0.1,::1",
        description="Addresses or networks, separated by commas, whose X-Forwarded-For is believed.",
    )

    @property
    def journal_folder(self) -> Path:
        """Where this worker keeps its journal; the first one's name has no number."""
        return self.folder / (f"journal-{self.intake_worker}" if self.intake_worker else "journal")

    @property
    def photo_folder(self) -> Path:
        """Where this host's photos lie, of all its workers."""
        return self.folder / "photos"

    @property
    def photo_most_bytes(self) -> int:
        """The largest photo that is taken."""
        return self.photo_limit_mib << 20

    @property
    def folder(self) -> Path:
        """Where intake keeps its journal and its rosters."""
        return self.state / "intake"

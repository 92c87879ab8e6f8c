"""What intake must know, from `BELUGA_…` in the environment. Secrets come from there or from files only."""

from pathlib import Path

from pydantic import Field, SecretStr

from election.settings import SharedSettings


class IntakeSettings(SharedSettings):
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
    generic_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Shared secret of the generic webhook; empty: /sms/generic refuses everything.",
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

    @property
    def folder(self) -> Path:
        """Where intake keeps its journal and its rosters."""
        return self.state / "intake"

"""Settings that every service shares; each service adds its own class beside its code.

Values come from the environment (`BELUGA_…`) or from files named by it; `beluga up` sets them for the
services it starts. Secrets are never on a command line and never in a log.
"""

import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS_DIR = os.environ.get("BELUGA_SECRETS_DIR")  # files named like the settings, e.g. beluga_secret


class SharedSettings(BaseSettings):
    """What every service must know."""

    model_config = SettingsConfigDict(
        env_prefix="BELUGA_", frozen=True, extra="ignore", secrets_dir=SECRETS_DIR
    )

    database_url: str = Field(
        default="",
        description="PostgreSQL, e.g. postgresql://user@host/beluga; several hosts separated by commas.",
    )
    state: Path = Field(default=Path(".beluga"), description="Folder for journals, snapshots and run files.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    secret: SecretStr = Field(
        default=SecretStr(""), description="Signs sessions, links and service tokens; at least 32 characters."
    )
    clock_file: Path | None = Field(default=None, description="A rehearsal's shared clock; empty: real time.")
    rehearsal: bool = Field(default=False, description="Label everything as a rehearsal.")
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    log_format: str = Field(default="json", description="json, or text for people.")
    intake_url: str = Field(default="http://127.0.0.1:8401", description="Where other services find intake.")
    tally_url: str = Field(default="http://127.0.0.1:8402", description="Where other services find tally.")
    callers_url: str = Field(
        default="http://127.0.0.1:8403", description="Where other services find callers."
    )
    dashboard_url: str = Field(default="http://127.0.0.1:8404", description="Where people find the war room.")

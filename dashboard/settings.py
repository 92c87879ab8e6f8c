"""Settings of the war room."""

from pathlib import Path

from pydantic import Field, SecretStr

from election.runtime.settings import SharedSettings


class DashboardSettings(SharedSettings):
    """What the war room must know beyond the shared settings."""

    dashboard_port: int = Field(default=8404, description="TCP port of the war room's pages.")
    dashboard_threads: int = Field(
        default=8, description="Threads that answer page requests; live data takes none of them."
    )
    feed_port: int = Field(
        default=8405, description="TCP port of the tally's feed, which pages open directly."
    )
    feed_url: str = Field(
        default="ws://127.0.0.1:8405",
        description="The feed as this process reaches it: for alerts and snapshots.",
    )
    feed_public_url: str = Field(
        default="",
        description="The feed as browsers reach it (wss://…); empty: the page's host and feed_port.",
    )
    public_url: str = Field(
        default="", description="Intake as people's browsers reach it; empty: the page's host, intake's port."
    )
    alert_webhook: SecretStr = Field(
        default=SecretStr(""),
        description="Where new alerts are posted, as Slack takes them; empty: nowhere. A secret.",
    )
    alert_texts: str = Field(
        default="",
        description="Alerts texted to the coordinator too, by commas: lagging, doubtful, line, incident.",
    )
    snapshot_minutes: int = Field(
        default=15, ge=1, description="Minutes between two printable pages kept on disk (stack clock)."
    )
    office_command: str = Field(
        default="",
        description="How this service runs `beluga`, for the pages that take a county's files; `beluga up` "
        "sets it. Empty: files are adopted and imported by the command line alone.",
    )
    languages: Path | None = Field(
        default=None,
        description="A folder of further languages, a `.po` file each (dashboard/languages/README.md); "
        "empty: those that come with Beluga.",
    )
    session_hours: float = Field(
        default=18, gt=0, description="Hours until a sign-in ends: an election day, and not the next."
    )
    cookie_secure: bool = Field(
        default=False, description="Send the session cookie over https only; set it behind a TLS proxy."
    )
    trusted_proxy: str = Field(
        default="",
        description="Addresses or networks of the proxies, separated by commas, whose X-Forwarded-* headers "
        "are believed; empty: none.",
    )

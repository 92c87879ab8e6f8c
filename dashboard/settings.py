"""Settings of the war room."""

from pydantic import Field

from election.settings import SharedSettings


class DashboardSettings(SharedSettings):
    """What the war room must know beyond the shared settings."""

    dashboard_port: int = Field(default=8404, description="TCP port of the war room's pages.")
    dashboard_threads: int = Field(
        default=8, description="Threads that answer page requests; live data takes none of them."
    )
    feed_port: int = Field(
        default=8405, description="TCP port of the tally's feed, which pages open directly."
    )
    feed_public_url: str = Field(
        default="",
        description="The feed as browsers reach it (wss://…); empty: the page's host and feed_port.",
    )
    session_hours: float = Field(
        default=18, gt=0, description="Hours until a sign-in ends: an election day, and not the next."
    )
    cookie_secure: bool = Field(
        default=False, description="Send the session cookie over https only; set it behind a TLS proxy."
    )
    trusted_proxy: str = Field(
        default="", description="Address of the proxy whose X-Forwarded-* headers are believed; empty: none."
    )

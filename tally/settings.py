"""Settings of the tally (`BELUGA_…`)."""

from pydantic import Field

from election.runtime.settings import SharedSettings


class TallySettings(SharedSettings):
    """Ports, limits and paces of the tally."""

    tally_port: int = Field(default=8402, description="Port of the JSON API.")
    feed_port: int = Field(default=8405, description="Port of the feed (WebSocket).")
    feed_viewers: int = Field(
        default=5_000, gt=0, description="Most viewers at once; more are asked to come back later (503)."
    )
    feed_ring: int = Field(
        default=300,
        gt=0,
        description="Recent deltas kept for viewers who reconnect: one minute at full pace.",
    )
    feed_buffer: int = Field(
        default=262_144,
        gt=0,
        description="Bytes a viewer may be behind before it is set aside and later gets a fresh snapshot.",
    )
    conflate_ms: int = Field(
        default=200, gt=0, description="Milliseconds between deltas at most: changes within it go out as one."
    )
    refit_rest: float = Field(
        default=4.0,
        ge=0,
        description="Pause after a full refit, as a multiple of what it took: 4 leaves most of a core free.",
    )
    calls_seconds: float = Field(
        default=5.0,
        gt=0,
        description="Real seconds between questions to the call desk when nothing wakes us.",
    )
    poll_seconds: float = Field(
        default=0.5,
        gt=0,
        description="Real seconds between looks at the log when nothing wakes the follower.",
    )
    read_batch: int = Field(
        default=20_000, gt=0, description="Check-ins read at once; more holds the event loop up for longer."
    )

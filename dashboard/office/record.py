"""The office's deeds in the audit log, from pages and from work that goes on behind them."""

from typing import Any

from dashboard.accounts.audit_log import AuditLog
from dashboard.accounts.sign_in import WarRoomUser
from dashboard.bridge.async_bridge import AsyncBridge


class OfficeRecord:
    """Writes deeds down; kept on disk while the database is away."""

    def __init__(self, bridge: AsyncBridge, audit_log: AuditLog) -> None:
        self._bridge, self._audit_log = bridge, audit_log

    def note(self, who: WarRoomUser, action: str, subject: str, detail: dict[str, Any]) -> None:
        """From a page's thread."""
        self._bridge.run(self.noted(who, action, subject, detail))

    async def noted(self, who: WarRoomUser, action: str, subject: str, detail: dict[str, Any]) -> None:
        """From within the background loop."""
        await self._audit_log.record(who.login, action, subject[:200], detail)

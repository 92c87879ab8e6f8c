"""What the office's pages about calling share: asking the call desk, and telling what went wrong."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClientError, ServiceClients
from dashboard.languages import noted
from dashboard.office.calling.calling_forms import CallingFormError
from dashboard.office.forms import who_asks
from election.access.accounts import Role

OF_ALL = (Role.STAFF, Role.ADMIN)
NOT_DONE = (CallingFormError, ServiceClientError, TimeoutError)
_LATE = noted("The call desk did not answer in time; whether it was done is not known. Look again.")


class OfficeCallDesk:
    """The call desk, asked for whoever sent the request."""

    def __init__(self, bridge: AsyncBridge, services: ServiceClients) -> None:
        self._bridge, self._services = bridge, services

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Its answer. Raises `ServiceClientError` or `TimeoutError`."""
        return self._bridge.run(self._services.call_desk.ask(who_asks(), method, path, body))


def failure(error: BaseException) -> tuple[str, int]:
    """What to say of one of `NOT_DONE`, and the status of the page that says it."""
    if isinstance(error, CallingFormError):
        return str(error), 400
    return (error.words, error.status) if isinstance(error, ServiceClientError) else (_LATE, 504)


def told(page: Callable[[str, int], Any], act: Callable[[], Any]) -> Callable[[], Any]:
    """An act; where it is not done, the page again with why."""

    @wraps(act)
    def guarded() -> Any:
        try:
            return act()
        except NOT_DONE as error:
            return page(*failure(error))

    return guarded

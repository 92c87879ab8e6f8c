"""What a page is answered where intake is asked for it: its answer, or why there is none, in words."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import flask

from dashboard.bridge.async_bridge import AsyncBridge
from dashboard.clients.service_clients import ServiceClientError
from dashboard.languages import tr

T = TypeVar("T")


def asked(bridge: AsyncBridge, work: Coroutine[Any, Any, T]) -> T:
    """Intake's answer. Aborts the request with words where there is none."""
    try:
        return bridge.run(work)
    except ServiceClientError as error:
        flask.abort(told(error.words, error.status))
    except TimeoutError:
        flask.abort(told(tr("Intake did not answer in time. Look again before you press again."), 504))


def told(words: str, status: int) -> flask.Response:
    """A refusal that a page can show."""
    return flask.make_response(flask.jsonify(done=False, message=words), status)

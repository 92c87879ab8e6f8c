"""The API document against a running intake: it names every route, and every answer it may give.

Requests are made from the document by schemathesis, well-formed and wrong ones, three in four with the
tokens and signatures that open the door, so that what lies behind it is tried as well.
"""

import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from beluga.stack.ports import free_port
from election.access.watcher_links import token_of
from intake.app import Intake
from intake.hotline.operators import COOKIE
from intake.openapi.document import document
from intake.providers.generic import sign
from intake.settings import IntakeSettings
from tests.intake.phones import TOKENS, Site, site  # noqa: F401 (a fixture)
from tests.intake.running import GENERIC_SECRET, SECRET

WATCHED = {"/healthz", "/readyz", "/metrics", "/openapi.json"}  # for operators and tools; not part of the API
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
]  # fmt: skip
EXAMPLES = 5  # requests an operation


class Signed(requests.auth.AuthBase):
    """As the modem signs its texts."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        request.headers.update(sign(GENERIC_SECRET, body, int(time.time())))
        return request


def let_in(case: Any) -> None:
    """Gives a request what opens the door: a token or a cookie."""
    schemes = {name for one in case.operation.definition.raw.get("security", []) for name in one}
    if "service" in schemes:
        token = TOKENS.sign("service", {"account": "ann", "role": "staff"})
        case.headers["Authorization"] = f"Bearer {token}"
    if "watcher" in schemes:
        case.headers["Authorization"] = f"Bearer {token_of(TOKENS, 'w1', 0)}"
    if "hotline" in schemes:
        case.cookies[COOKIE] = TOKENS.sign("staff", {"account": "ann", "role": "staff", "counties": None})
    if "token" in (case.path_parameters or {}):
        case.path_parameters["token"] = token_of(TOKENS, "w1", 0)


OPERATIONS = [
    (mode, path, method)
    for path, methods in document()["paths"].items()
    for method in methods
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
]


@pytest.fixture(scope="module")
def api(site: Site) -> Any:  # noqa: F811
    schema = schemathesis.openapi.from_dict(document())
    schema.config.update(base_url=site.url)
    return schema


@pytest.mark.parametrize(("mode", "path", "method"), OPERATIONS)
def test_nothing_is_answered_that_the_document_does_not_say(
    api: Any, mode: GenerationMode, path: str, method: str
) -> None:
    with requests.Session() as session:

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=api[path][method].as_strategy(generation_mode=mode))
        def each(case: Any) -> None:
            written = repr((case.path_parameters, case.query, case.body)).encode("utf-8", "replace")
            inside = bool(zlib.crc32(written) % 4)
            if inside:
                let_in(case)
            session.auth = Signed() if inside and path == "/sms/generic" else None
            case.call_and_validate(session=session, checks=CHECKS, timeout=60)

        with suppress(Unsatisfiable):  # nothing can be wrong where nothing is asked
            each()


async def test_the_document_names_every_route(tmp_path: Path) -> None:
    intake = Intake(
        IntakeSettings(
            state=tmp_path, secret=SECRET, database_url="", intake_port=free_port(), journal_ballast_mib=0
        )  # type: ignore[arg-type]
    )
    await intake.start()
    try:
        assert intake._runner is not None
        routes = {(r.method, r.resource.canonical) for r in intake._runner.app.router.routes() if r.resource}
    finally:
        await intake.stop()
    spread = {(m, p.replace("{what}", what)) for m, p in routes for what in ("invite", "remind")}
    served = {(m, p) for m, p in spread if m != "HEAD" and p not in WATCHED}
    named = {(m.upper(), path) for path, methods in document()["paths"].items() for m in methods}
    assert named == served

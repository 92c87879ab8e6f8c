"""`PUT /decisions/{uuid}`: staff decisions go the way of every report, so that a recount reproduces them."""

from uuid import UUID

from aiohttp import web
from pydantic import ValidationError

from election.access.identity import Admission
from election.access.telemetry import say_refused
from election.access.tokens import BadTokenError
from election.domain.checkin import STAFF, Channel, Kind
from election.wire.intake import Decision
from intake.door.door import WriteDoor
from intake.reading import corrections
from intake.receive.http_answers import bearer, body_of, canonical, kept, receipt, refuse, what_is_wrong
from intake.receive.pipeline import IngestPipeline

PROVIDER = "staff"
TOKEN_SECONDS = 300
MAY_DECIDE = frozenset({"lead", "staff", "admin"})
MAY_CORRECT = frozenset({"staff", "admin"})


def add_decisions(
    app: web.Application, admission: Admission, pipeline: IngestPipeline, door: WriteDoor
) -> None:
    """The route of staff decisions. The token says who decides, the door whether they may."""

    async def put(request: web.Request) -> web.Response:
        try:
            who = admission.read("service", bearer(request), TOKEN_SECONDS)
        except BadTokenError:
            return refuse(
                pipeline, PROVIDER, 401, "bad_token", "Sign in again: the token is missing or too old."
            )
        account, role = who.account, who.role
        if role not in MAY_DECIDE:
            say_refused(account, "decisions", "role")
            return refuse(pipeline, PROVIDER, 403, "role", "Only leads, staff and admins decide.")
        raw = await body_of(request, pipeline, PROVIDER)
        if isinstance(raw, web.Response):
            return raw
        try:
            key = UUID(request.match_info["key"])
            decision = Decision.model_validate_json(raw)
        except ValidationError as error:
            return refuse(pipeline, PROVIDER, 422, "malformed", what_is_wrong(error))
        except ValueError:
            return refuse(pipeline, PROVIDER, 404, "malformed", "The path must end in a UUID.")
        if decision.kind not in STAFF or decision.kind is Kind.ASKED:  # that is intake's own to say
            return refuse(pipeline, PROVIDER, 422, "malformed", f"{decision.kind} is not a staff decision.")
        if decision.kind is Kind.REREAD:
            try:
                corrections.checked(decision.detail)
            except ValueError as error:
                return refuse(pipeline, PROVIDER, 422, "malformed", f"detail: {error}"[:300])
            if role not in MAY_CORRECT:
                say_refused(account, "decisions", "role")
                return refuse(pipeline, PROVIDER, 403, "role", "Only staff and admins correct a reading.")
        if decision.account != account:
            say_refused(account, "decisions", "account")
            return refuse(pipeline, PROVIDER, 403, "account", "The token names another account.")
        if no := await door.decision(who, decision):
            return refuse(pipeline, PROVIDER, no.status, no.reason, no.words)
        body = canonical(decision.model_dump(mode="json"))
        outcome = await kept(
            pipeline, PROVIDER, str(key), Channel.STAFF, sender=f"staff:{account}", body=body, raw=raw
        )
        return outcome if isinstance(outcome, web.Response) else receipt(pipeline, PROVIDER, outcome, body)

    app.router.add_put("/decisions/{key}", put)

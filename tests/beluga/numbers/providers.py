"""Twilio and Telnyx on loopback, as their published API descriptions have them, with an account of numbers.

Twilio: twilio-oai, api_v2010, messaging_v1 and pricing_v1 (April 2026). Telnyx: its API reference v2
(August 2026). A text to a number of the account is brought to where the number's texts go, signed.
"""

import base64
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

ACCOUNT, TOKEN, API_KEY = "AC0123456789", "a token of Twilio's", "KEY0123"
FIRST, SECOND, TOLL_FREE = "+12155550101", "+12155550102", "+18885550103"


@dataclass
class FakeAccount:
    """What the account holds; `bought` and `sent` are what was asked for."""

    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)  # by its id
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: list[dict[str, Any]] = field(default_factory=list)
    members: dict[str, list[str]] = field(default_factory=dict)  # service -> ids of numbers
    campaigns: dict[str, str] = field(default_factory=dict)  # service or number -> state
    verifications: dict[str, str] = field(default_factory=dict)  # id or number -> state
    sent: list[dict[str, Any]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)  # what the webhook answered
    base: str = ""
    public: str = ""  # the address that signatures cover; the texts themselves go to `door`
    door: str = ""
    tls: ssl.SSLContext | None = None  # for a door of https, which is known as `host`
    host: str = ""

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._admitted])
        ours = f"/2010-04-01/Accounts/{ACCOUNT}"
        app.add_routes(
            [
                web.get(f"{ours}/IncomingPhoneNumbers.json", self.twilio_held),
                web.post(f"{ours}/IncomingPhoneNumbers.json", self.twilio_buy),
                web.post(f"{ours}/IncomingPhoneNumbers/{{sid}}.json", self.twilio_point),
                web.get(f"{ours}/AvailablePhoneNumbers/{{country}}/{{kind}}.json", self.twilio_offers),
                web.post(f"{ours}/Messages.json", self.twilio_send),
                web.get("/v1/PhoneNumbers/Countries/{country}", self.twilio_price),
                web.get("/v1/Services", self.twilio_services),
                web.post("/v1/Services/{sid}", self.twilio_service),
                web.get("/v1/Services/{sid}/PhoneNumbers", self.twilio_members),
                web.get("/v1/Services/{sid}/Compliance/Usa2p", self.twilio_campaign),
                web.get("/v1/Tollfree/Verifications", self.twilio_verification),
                web.get("/v2/phone_numbers/messaging", self.telnyx_held),
                web.patch("/v2/phone_numbers/{id}/messaging", self.telnyx_assign),
                web.get("/v2/messaging_profiles", self.telnyx_profiles),
                web.post("/v2/messaging_profiles", self.telnyx_profile),
                web.patch("/v2/messaging_profiles/{id}", self.telnyx_profile),
                web.get("/v2/available_phone_numbers", self.telnyx_offers),
                web.post("/v2/number_orders", self.telnyx_buy),
                web.get("/v2/10dlc/phone_number_campaigns/{number}", self.telnyx_campaign),
                web.get("/v2/messaging_tollfree/verification/requests", self.telnyx_verification),
            ]
        )
        return app

    @web.middleware
    async def _admitted(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        login = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.path.startswith("/v2/"):
            if request.headers.get("Authorization") != f"Bearer {API_KEY}":
                error = {"code": "10009", "title": "Authentication failed", "detail": "No such key."}
                return web.json_response({"errors": [error]}, status=401)
        elif request.headers.get("Authorization") != f"Basic {login}":
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        return await handler(request)

    # Twilio

    def _twilio(self, sid: str, number: str) -> dict[str, Any]:
        return {
            "sid": sid, "phone_number": number, "capabilities": {"sms": True, "mms": True, "voice": True},
            "sms_url": "https://demo.twilio.com/welcome/sms/reply", "sms_fallback_url": "",
        }  # fmt: skip

    def holds(self, *numbers: str) -> None:
        for number in numbers:
            sid = f"PN{sha256(number.encode()).hexdigest()[:32]}"
            self.numbers[sid] = self._twilio(sid, number) | {"id": sid, "messaging_profile_id": None}

    def serves(self, number: str, **more: Any) -> None:
        """A messaging service with this number in it."""
        sid = f"MG{len(self.services)}"
        self.services.append({"sid": sid, "use_inbound_webhook_on_number": False} | more)
        self.members[sid] = [s for s, row in self.numbers.items() if row["phone_number"] == number]

    async def twilio_held(self, request: web.Request) -> web.Response:
        """One number a page, so that paging is seen."""
        page, rows = int(request.query.get("Page", 0)), list(self.numbers.values())
        more = f"{request.path}?PageSize=1&Page={page + 1}" if page + 1 < len(rows) else None
        return web.json_response({"incoming_phone_numbers": rows[page : page + 1], "next_page_uri": more})

    async def twilio_buy(self, request: web.Request) -> web.Response:
        form = await request.post()
        number = str(form["PhoneNumber"])
        if any(row["phone_number"] == number for row in self.numbers.values()):
            said = {"code": 21422, "message": f"{number} is not available", "status": 400}
            return web.json_response(said, status=400)
        self.holds(number)
        return self._pointed(list(self.numbers)[-1], form)

    async def twilio_point(self, request: web.Request) -> web.Response:
        return self._pointed(request.match_info["sid"], await request.post())

    def _pointed(self, sid: str, form: Any) -> web.Response:
        assert form["SmsMethod"] == form["SmsFallbackMethod"] == "POST"
        self.numbers[sid] |= {"sms_url": form["SmsUrl"], "sms_fallback_url": form["SmsFallbackUrl"]}
        return web.json_response(self.numbers[sid], status=201)

    async def twilio_offers(self, request: web.Request) -> web.Response:
        area = request.query.get("AreaCode", "888" if request.match_info["kind"] == "TollFree" else "215")
        rows = [
            {"phone_number": f"+1{area}55501{n:02}", "locality": "Philadelphia", "region": "PA"}
            for n in range(1, 60)
        ]
        return web.json_response({"available_phone_numbers": rows[: int(request.query["PageSize"])]})

    async def twilio_price(self, request: web.Request) -> web.Response:
        prices = [
            {"number_type": "local", "base_price": "1.15", "current_price": "1.15"},
            {"number_type": "toll free", "base_price": "2.15", "current_price": "2.15"},
        ]
        return web.json_response({"iso_country": "US", "price_unit": "usd", "phone_number_prices": prices})

    async def twilio_services(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"meta": {"key": "services", "next_page_url": None}, "services": self.services}
        )

    async def twilio_service(self, request: web.Request) -> web.Response:
        form = await request.post()
        for service in self.services:
            if service["sid"] == request.match_info["sid"]:
                service |= {
                    "inbound_request_url": form["InboundRequestUrl"],
                    "fallback_url": form["FallbackUrl"],
                }
        return web.json_response({})

    async def twilio_members(self, request: web.Request) -> web.Response:
        rows = [self.numbers[sid] for sid in self.members[request.match_info["sid"]]]
        return web.json_response({"meta": {"next_page_url": None}, "phone_numbers": rows})

    async def twilio_campaign(self, request: web.Request) -> web.Response:
        state = self.campaigns.get(request.match_info["sid"])
        rows = [{"campaign_id": "CFOOBAR", "campaign_status": state}] if state else []
        return web.json_response({"compliance": rows})

    async def twilio_verification(self, request: web.Request) -> web.Response:
        state = self.verifications.get(request.query["TollfreePhoneNumberSid"])
        return web.json_response({"verifications": [{"status": state}] if state else []})

    async def twilio_send(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.sent.append(form)
        if form["To"] in {row["phone_number"] for row in self.numbers.values()}:
            await self.bring(form["From"], form["To"], form["Body"])
        return web.json_response({"sid": f"SM{len(self.sent)}", "status": "queued"}, status=201)

    async def bring(self, sender: str, to: str, body: str) -> None:
        """Calls the webhook of `to`, signed for the public address it is known by."""
        its_id = f"SM{sha256(f'{len(self.replies)} {body}'.encode()).hexdigest()[:32]}"
        form = {"MessageSid": its_id, "From": sender, "To": to, "Body": body, "NumMedia": "0"}
        hook = next(row["sms_url"] for row in self.numbers.values() if row["phone_number"] == to)
        signature = RequestValidator(TOKEN).compute_signature(hook, form)
        where = hook.replace(self.public, self.door)
        headers = {"X-Twilio-Signature": signature} | ({"Host": self.host} if self.host else {})
        tls = {"ssl": self.tls, "server_hostname": self.host} if self.tls else {}
        async with (
            aiohttp.ClientSession() as session,
            session.post(where, data=form, headers=headers, **tls) as answer,
        ):
            assert answer.status == 200, answer.status
            self.replies.append(await answer.text())

    # Telnyx

    async def telnyx_held(self, request: web.Request) -> web.Response:
        page, rows = int(request.query["page[number]"]), list(self.numbers.values())
        return web.json_response(
            {"data": rows[page - 1 : page], "meta": {"total_pages": len(rows), "page_number": page}}
        )

    async def telnyx_assign(self, request: web.Request) -> web.Response:
        profile = (await request.json())["messaging_profile_id"]
        assert profile in self.profiles
        self.numbers[request.match_info["id"]]["messaging_profile_id"] = profile
        return web.json_response({"data": self.numbers[request.match_info["id"]]})

    async def telnyx_profiles(self, request: web.Request) -> web.Response:
        return web.json_response({"data": list(self.profiles.values()), "meta": {"total_pages": 1}})

    async def telnyx_profile(self, request: web.Request) -> web.Response:
        its_id = request.match_info.get("id") or f"profile-{len(self.profiles)}"
        self.profiles[its_id] = self.profiles.get(its_id, {"id": its_id}) | await request.json()
        return web.json_response({"data": self.profiles[its_id]})

    async def telnyx_offers(self, request: web.Request) -> web.Response:
        row = {
            "record_type": "available_phone_number", "phone_number": "+12155550104",
            "region_information": [{"region_type": "rate_center", "region_name": "PHILADELPHIA"}],
            "cost_information": {"upfront_cost": "1.00", "monthly_cost": "1.00", "currency": "USD"},
            "features": [{"name": "sms"}],
        }  # fmt: skip
        return web.json_response({"data": [row], "meta": {"total_results": 1}})

    async def telnyx_buy(self, request: web.Request) -> web.Response:
        order = await request.json()
        number = order["phone_numbers"][0]["phone_number"]
        self.holds(number)
        self.numbers[list(self.numbers)[-1]]["messaging_profile_id"] = order["messaging_profile_id"]
        lines = [{"id": list(self.numbers)[-1], "phone_number": number, "status": "success"}]
        return web.json_response({"data": {"id": "order", "status": "pending", "phone_numbers": lines}})

    async def telnyx_campaign(self, request: web.Request) -> web.Response:
        state = self.campaigns.get(request.match_info["number"])
        if state is None:
            return web.json_response({"errors": [{"code": "10005", "title": "Not found"}]}, status=404)
        return web.json_response(
            {
                "phoneNumber": request.match_info["number"],
                "tcrCampaignId": "CCAMPA1",
                "assignmentStatus": state,
            }
        )

    async def telnyx_verification(self, request: web.Request) -> web.Response:
        state = self.verifications.get(request.query["phone_number"])
        rows = [{"verificationStatus": state}] if state else []
        return web.json_response({"records": rows, "total_records": len(rows)})

"""Numbers at Twilio. Shapes as in its published API description (twilio-oai: api_v2010, messaging_v1,
pricing_v1; April 2026). A number in a messaging service answers where the service says, unless the service
leaves that to its numbers.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urljoin

import aiohttp

from beluga.numbers.http import MOST_PAGES, ProviderHttp, objects
from beluga.numbers.provider import (
    UNREGISTERED,
    HeldNumber,
    NumberSearch,
    NumbersProvider,
    OfferedNumber,
    ProviderRefusedError,
    Registration,
    RegistrationState,
)

_PLACES = {"local": "Local", "toll_free": "TollFree"}
_PRICES = {"local": "local", "toll_free": "toll free"}
_CAMPAIGN: dict[str, RegistrationState] = {
    "VERIFIED": "ready", "IN_PROGRESS": "waiting", "PENDING": "waiting", "FAILED": "refused",
}  # fmt: skip
_VERIFICATION: dict[str, RegistrationState] = {
    "TWILIO_APPROVED": "ready", "PENDING_REVIEW": "waiting", "IN_REVIEW": "waiting",
    "TWILIO_REJECTED": "refused",
}  # fmt: skip


class TwilioNumbers(NumbersProvider):
    name = "twilio"

    def __init__(self, account_sid: str, auth_token: str, url: str) -> None:
        url = url.rstrip("/")
        self._account = f"{url}/2010-04-01/Accounts/{account_sid}"
        self._base = f"{url}/"
        self._messaging = f"{_host(url, 'messaging')}/v1"
        self._pricing = f"{_host(url, 'pricing')}/v1"
        self._http = ProviderHttp(
            "Twilio", {"Authorization": aiohttp.encode_basic_auth(account_sid, auth_token)}
        )

        self._members: list[tuple[dict[str, Any], dict[str, Any]]] | None = None

    async def held(self) -> Sequence[HeldNumber]:
        self._members = None
        services = {str(number.get("phone_number")): service for service, number in await self._in_services()}
        found = []
        async for row in self._pages(f"{self._account}/IncomingPhoneNumbers.json?PageSize=1000",
                                     "incoming_phone_numbers"):  # fmt: skip
            service = services.get(str(row.get("phone_number")))
            found.append(_held(row, service))
        return found

    async def offers(self, search: NumberSearch) -> Sequence[OfferedNumber]:
        place = f"{self._account}/AvailablePhoneNumbers/{search.country}/{_PLACES[search.kind]}.json"
        query = {"SmsEnabled": "true", "PageSize": str(search.limit)}
        if search.area:
            query |= {"AreaCode": search.area}
        answer = await self._http.ask("GET", place, params=query)
        monthly, currency = await self._price(search)
        return [
            OfferedNumber(
                str(row["phone_number"]),
                ", ".join(str(row[key]) for key in ("locality", "region") if row.get(key)),
                monthly, None, currency,
            )
            for row in objects(answer, "available_phone_numbers")[: search.limit]
            if row.get("phone_number")
        ]  # fmt: skip

    async def _price(self, search: NumberSearch) -> tuple[str | None, str]:
        answer = await self._http.ask(
            "GET", f"{self._pricing}/PhoneNumbers/Countries/{search.country}", absent=True
        )
        for price in objects(answer, "phone_number_prices"):
            if price.get("number_type") == _PRICES[search.kind] and price.get("current_price"):
                return str(price["current_price"]), str(answer.get("price_unit") or "USD").upper()
        return None, ""

    async def buy(self, number: str, hook: str, fallback: str) -> HeldNumber:
        form = {"PhoneNumber": number} | _hooks(hook, fallback)
        return _held(
            await self._http.ask("POST", f"{self._account}/IncomingPhoneNumbers.json", data=form), None
        )

    async def point(self, number: HeldNumber, hook: str, fallback: str) -> HeldNumber:
        """Where a messaging service answers for the number, the service is pointed here as well."""
        where = f"{self._account}/IncomingPhoneNumbers/{number.key}.json"
        row = await self._http.ask("POST", where, data=_hooks(hook, fallback))
        for service, member in await self._in_services():
            if member.get("sid") == number.key and not service.get("use_inbound_webhook_on_number"):
                form = {
                    "InboundRequestUrl": hook, "InboundMethod": "POST",
                    "FallbackUrl": fallback, "FallbackMethod": "POST",
                }  # fmt: skip
                await self._http.ask("POST", f"{self._messaging}/Services/{service['sid']}", data=form)
        self._members = None
        return _held(row, None)

    async def _verification(self, number: HeldNumber) -> Registration:
        answer = await self._http.ask(
            "GET", f"{self._messaging}/Tollfree/Verifications", params={"TollfreePhoneNumberSid": number.key}
        )
        for row in objects(answer, "verifications"):
            status = str(row.get("status"))
            state = _VERIFICATION.get(status, "unknown")
            why = f" ({row['rejection_reason']})" if row.get("rejection_reason") else ""
            remedy = "correct it in Twilio's console" if state == "refused" else ""
            return Registration(state, f"toll-free verification {status}{why}", remedy)
        return Registration(
            "missing", f"no toll-free verification: {UNREGISTERED}",
            "ask for it in Twilio's console; it takes days",
        )  # fmt: skip

    async def _campaign(self, number: HeldNumber) -> Registration:
        remedy = "register brand and campaign in Twilio's console, add the number to its messaging service"
        for service, member in await self._in_services():
            if member.get("sid") != number.key:
                continue
            answer = await self._http.ask(
                "GET", f"{self._messaging}/Services/{service['sid']}/Compliance/Usa2p", absent=True
            )
            for row in objects(answer, "compliance"):
                status = str(row.get("campaign_status"))
                state = _CAMPAIGN.get(status, "unknown")
                said = f"10DLC campaign {row.get('campaign_id') or ''} {status}".replace("  ", " ")
                return Registration(state, said, "see why in Twilio's console" if state == "refused" else "")
            return Registration(
                "missing", f"its messaging service has no 10DLC campaign: {UNREGISTERED}", remedy
            )
        return Registration(
            "missing", f"in no messaging service, so in no 10DLC campaign: {UNREGISTERED}", remedy
        )

    async def send(self, sender: str, to: str, body: str) -> str:
        form = {"From": sender, "To": to, "Body": body, "ValidityPeriod": "600"}
        answer = await self._http.ask("POST", f"{self._account}/Messages.json", data=form)
        return str(answer.get("sid") or "")

    async def close(self) -> None:
        await self._http.close()

    async def _in_services(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Each messaging service with each of its numbers: asked once between listing and pointing."""
        if self._members is None:
            self._members = [
                (service, number)
                async for service in self._pages(f"{self._messaging}/Services?PageSize=100", "services")
                async for number in self._pages(
                    f"{self._messaging}/Services/{service.get('sid')}/PhoneNumbers?PageSize=1000",
                    "phone_numbers",
                )
            ]
        return self._members

    async def _pages(self, url: str, key: str) -> AsyncIterator[dict[str, Any]]:
        """What stands on all pages: api names the next as a path, messaging as an address in `meta`."""
        host = url
        for _ in range(MOST_PAGES):
            answer = await self._http.ask("GET", url)
            for each in objects(answer, key):
                yield each
            meta = answer.get("meta")
            following = answer.get("next_page_uri") or (
                meta.get("next_page_url") if isinstance(meta, dict) else None
            )
            if not following:
                return
            url = urljoin(self._base if str(following).startswith("/2010") else host, str(following))
            if not url.startswith((self._base, self._messaging)):
                raise ProviderRefusedError(f"Twilio names a next page on another host: {url[:80]}")
        raise ProviderRefusedError(f"Twilio lists more than {MOST_PAGES} pages of {key}")


def _host(url: str, name: str) -> str:
    """Twilio's other APIs stand on hosts of their own; anything else that is named serves all of them."""
    return url.replace("://api.", f"://{name}.", 1)


def _hooks(hook: str, fallback: str) -> dict[str, str]:
    return {"SmsUrl": hook, "SmsMethod": "POST", "SmsFallbackUrl": fallback, "SmsFallbackMethod": "POST"}


def _held(row: dict[str, Any], service: dict[str, Any] | None) -> HeldNumber:
    capable = row.get("capabilities")
    texts = bool(capable.get("sms", capable.get("SMS", True))) if isinstance(capable, dict) else True
    hook, fallback = row.get("sms_url"), row.get("sms_fallback_url")
    if service is not None and not service.get("use_inbound_webhook_on_number"):
        hook, fallback = service.get("inbound_request_url"), service.get("fallback_url")
    return HeldNumber(str(row.get("phone_number") or ""), str(row.get("sid") or ""), str(hook or ""),
                      str(fallback or ""), texts)  # fmt: skip

"""Numbers at Telnyx. Shapes as in its published API reference (v2, August 2026). A number's texts go where
its messaging profile says; ours is the profile of the name `beluga`.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

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

PROFILE = "beluga"
_ASSIGNMENT: dict[str, RegistrationState] = {
    "ASSIGNED": "ready", "PENDING_ASSIGNMENT": "waiting", "FAILED_ASSIGNMENT": "refused",
    "PENDING_UNASSIGNMENT": "missing", "FAILED_UNASSIGNMENT": "ready",
}  # fmt: skip
_VERIFICATION: dict[str, RegistrationState] = {
    "Verified": "ready", "Rejected": "refused", "Waiting For Vendor": "waiting",
    "Waiting For Customer": "waiting", "Waiting For Telnyx": "waiting", "In Progress": "waiting",
}  # fmt: skip


class TelnyxNumbers(NumbersProvider):
    name = "telnyx"

    def __init__(self, api_key: str, url: str) -> None:
        self._url = f"{url.rstrip('/')}/v2"
        self._http = ProviderHttp("Telnyx", {"Authorization": f"Bearer {api_key}"})

    async def held(self) -> Sequence[HeldNumber]:
        profiles = {str(p.get("id")): p async for p in self._pages("/messaging_profiles")}
        found = []
        async for row in self._pages("/phone_numbers/messaging"):
            profile = profiles.get(str(row.get("messaging_profile_id")), {})
            features = row.get("features")
            texts = not isinstance(features, dict) or features.get("sms") is not None
            found.append(_held(row, profile, texts))
        return found

    async def offers(self, search: NumberSearch) -> Sequence[OfferedNumber]:
        query = {
            "filter[country_code]": search.country,
            "filter[phone_number_type]": search.kind,
            "filter[features]": "sms",
            "filter[limit]": str(search.limit),
        }
        if search.area:
            query["filter[national_destination_code]"] = search.area
        answer = await self._http.ask("GET", f"{self._url}/available_phone_numbers", params=query)
        return [_offered(row) for row in objects(answer, "data")[: search.limit] if row.get("phone_number")]

    async def buy(self, number: str, hook: str, fallback: str) -> HeldNumber:
        profile = await self._profile(hook, fallback)
        order = {"phone_numbers": [{"phone_number": number}], "messaging_profile_id": profile["id"]}
        answer = await self._http.ask("POST", f"{self._url}/number_orders", json=order)
        data = answer.get("data")
        lines = objects(data, "phone_numbers") if isinstance(data, dict) else []
        key = str(lines[0].get("id") or "") if lines else ""
        status = str(data.get("status") or "") if isinstance(data, dict) else ""
        if status not in ("success", "pending"):
            raise ProviderRefusedError(f"Telnyx's order of {number} is {status or 'without a state'}")
        return HeldNumber(number, key, hook, fallback)

    async def point(self, number: HeldNumber, hook: str, fallback: str) -> HeldNumber:
        profile = await self._profile(hook, fallback)
        body = {"messaging_profile_id": profile["id"]}
        await self._http.ask("PATCH", f"{self._url}/phone_numbers/{number.key}/messaging", json=body)
        return HeldNumber(number.number, number.key, hook, fallback, number.texts)

    async def _verification(self, number: HeldNumber) -> Registration:
        query = {"page": "1", "page_size": "1", "phone_number": number.number}
        answer = await self._http.ask(
            "GET", f"{self._url}/messaging_tollfree/verification/requests", params=query
        )
        for row in objects(answer, "records"):
            status = str(row.get("verificationStatus"))
            state = _VERIFICATION.get(status, "unknown")
            wanted = state == "refused" or status == "Waiting For Customer"
            return Registration(state, f"toll-free verification: {status}",
                                "answer it in Telnyx's portal" if wanted else "")  # fmt: skip
        return Registration(
            "missing", f"no toll-free verification: {UNREGISTERED}",
            "ask for it in Telnyx's portal; it takes days",
        )  # fmt: skip

    async def _campaign(self, number: HeldNumber) -> Registration:
        where = f"{self._url}/10dlc/phone_number_campaigns/{number.number}"
        row = await self._http.ask("GET", where, absent=True)
        status = str(row.get("assignmentStatus") or "")
        if not status:
            return Registration(
                "missing", f"in no 10DLC campaign: {UNREGISTERED}",
                "register brand and campaign in Telnyx's portal, assign the number",
            )  # fmt: skip
        campaign = row.get("tcrCampaignId") or row.get("campaignId") or ""
        state = _ASSIGNMENT.get(status, "unknown")
        why = f" ({row['failureReasons']})" if state == "refused" and row.get("failureReasons") else ""
        return Registration(state, f"10DLC campaign {campaign} {status}{why}",
                            "assign it again in Telnyx's portal" if state == "refused" else "")  # fmt: skip

    async def send(self, sender: str, to: str, body: str) -> str:
        answer = await self._http.ask(
            "POST", f"{self._url}/messages", json={"from": sender, "to": to, "text": body, "type": "SMS"}
        )
        data = answer.get("data")
        return str(data.get("id") or "") if isinstance(data, dict) else ""

    async def close(self) -> None:
        await self._http.close()

    async def _profile(self, hook: str, fallback: str) -> dict[str, Any]:
        """Our messaging profile, pointed here; made where there is none."""
        body = {
            "name": PROFILE, "webhook_url": hook, "webhook_failover_url": fallback,
            "webhook_api_version": "2", "whitelisted_destinations": ["US", "CA"],
        }  # fmt: skip
        async for profile in self._pages("/messaging_profiles"):
            if profile.get("name") == PROFILE:
                changed = {key: body[key] for key in ("webhook_url", "webhook_failover_url")}
                await self._http.ask("PATCH", f"{self._url}/messaging_profiles/{profile['id']}", json=changed)
                return profile
        made = (await self._http.ask("POST", f"{self._url}/messaging_profiles", json=body)).get("data")
        if not isinstance(made, dict) or not made.get("id"):
            raise ProviderRefusedError(
                "Telnyx made no messaging profile; make one named beluga in its portal"
            )
        return made

    async def _pages(self, path: str) -> AsyncIterator[dict[str, Any]]:
        for page in range(1, MOST_PAGES + 1):
            query = {"page[size]": "250", "page[number]": str(page)}
            answer = await self._http.ask("GET", f"{self._url}{path}", params=query)
            for each in objects(answer, "data"):
                yield each
            meta = answer.get("meta")
            if not isinstance(meta, dict) or page >= int(meta.get("total_pages") or 1):
                return
        raise ProviderRefusedError(f"Telnyx lists more than {MOST_PAGES} pages of {path}")


def _held(row: dict[str, Any], profile: dict[str, Any], texts: bool) -> HeldNumber:
    return HeldNumber(
        str(row.get("phone_number") or ""), str(row.get("id") or ""), str(profile.get("webhook_url") or ""),
        str(profile.get("webhook_failover_url") or ""), texts,
    )  # fmt: skip


def _offered(row: dict[str, Any]) -> OfferedNumber:
    cost = row.get("cost_information")
    cost = cost if isinstance(cost, dict) else {}
    places = [str(r.get("region_name")) for r in objects(row, "region_information") if r.get("region_name")]
    return OfferedNumber(
        str(row["phone_number"]), ", ".join(places), cost.get("monthly_cost"), cost.get("upfront_cost"),
        str(cost.get("currency") or ""),
    )  # fmt: skip

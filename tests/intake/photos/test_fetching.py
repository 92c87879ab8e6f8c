"""A photo comes from its provider alone, is a picture, and not too large; the login goes nowhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import orjson
import pytest

from election.domain.checkin import Channel, CheckIn, Kind, Message
from election.domain.ids import check_in_id, message_id
from election.domain.pictures import picture_type
from election.log import check_in_log as election_log
from election.postgres.database import connect
from intake.photos.fetching import PhotoClient, PhotoRefusedError, PhotoUnavailableError
from intake.photos.following import LONGEST_PAUSE, MOST_TRIES, PhotoFollower
from intake.photos.hosts import PhotoHost
from intake.photos.named import photo_urls
from intake.photos.shelf import PhotoShelf
from intake.photos.thumbnail import NoPictureError, thumbnail
from tests.intake.photos.provider import ACCOUNT, TOKEN, fake_provider, jpeg

API = PhotoHost("twilio", "https://api.twilio.com", (ACCOUNT, TOKEN))
NOON = datetime(2026, 11, 3, 17, tzinfo=UTC)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_photos_are_named_by_each_provider_its_own_way() -> None:
    twilio = {"Body": "", "NumMedia": "2", "MediaUrl0": "https://a/0", "MediaUrl1": "https://a/1"}
    assert photo_urls("twilio", urlencode(twilio).encode()) == ["https://a/0", "https://a/1"]
    assert photo_urls("twilio", b"Body=MediaUrl0&NumMedia=0") == []
    telnyx = {"data": {"payload": {"media": [{"url": "https://t/1"}, {"nothing": 1}, "x"]}}}
    assert photo_urls("telnyx", orjson.dumps(telnyx)) == ["https://t/1"]
    bandwidth = [{"message": {"media": ["https://b/1.jpg", "https://b/0.smil"]}}]
    assert photo_urls("bandwidth", orjson.dumps(bandwidth)) == ["https://b/1.jpg"]
    assert photo_urls("plivo", b"Media0=https%3A%2F%2Fp%2F1") == ["https://p/1"]
    for nonsense in (b'"media"', b'{"media": 7}', b"[]", b""):
        assert photo_urls("telnyx", nonsense) == photo_urls("bandwidth", nonsense) == []
    assert photo_urls("generic", urlencode(twilio).encode()) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://api.twilio.com/x", "https://api.twilio.com.evil.example/x", "https://evil.example/api.twilio.com",
        "https://api.twilio.com@evil.example/x", "https://a:b@api.twilio.com/x", "https://127.0.0.1/x",
        "https://169.254.169.254/latest", "http://localhost/x", "https://api.twilio.com:8443/x",
        "file:///etc/passwd",
        "https://s3-external-1.amazonaws.com/another-bucket/x", "https://xmms.twiliocdn.com/x",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/../other/x", "https://[::1]/x",
        "//mms.twiliocdn.com",
        "https://mms.twiliocdn.com\\@evil.example/x", "https://mms.twiliocdn.com\n.evil.example/", "", "gopher://x",
    ],
)  # fmt: skip
def test_no_other_address_is_asked(url) -> None:
    assert not API.allows(url)
    assert API.login_for(url) is None


def test_the_login_goes_to_the_api_alone() -> None:
    assert API.login_for("https://api.twilio.com/2010-04-01/x") == (ACCOUNT, TOKEN)
    for elsewhere in (
        "https://mms.twiliocdn.com/x",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/x",
    ):
        assert API.allows(elsewhere)
        assert API.login_for(elsewhere) is None


async def test_fetching_keeps_to_hosts_types_and_sizes() -> None:
    async with fake_provider() as provider, fake_provider() as other:
        host = PhotoHost("twilio", provider.url, (ACCOUNT, TOKEN))
        fetcher = PhotoClient({"twilio": host}, most_bytes=1 << 20)
        good = provider.put("good", jpeg())
        moved = provider.put("moved", b"", status=307, Location=good)
        away = provider.put("away", b"", status=302, Location=other.put("stolen", jpeg()))
        loop = provider.put("loop", b"", status=302, Location=provider.address("loop"))
        html, large = provider.put("html", b"<p>", "text/html"), provider.put("large", b"x" * ((1 << 20) + 1))
        busy = provider.put("busy", b"", status=503)
        try:
            assert await fetcher.photo("twilio", good) == await fetcher.photo("twilio", moved) == jpeg()
            for refused in (away, loop, html, large, other.address("stolen"), "https://evil.example/x"):
                with pytest.raises(PhotoRefusedError):
                    await fetcher.photo("twilio", refused)
            for later in (busy, provider.address("not-yet")):
                with pytest.raises(PhotoUnavailableError):
                    await fetcher.photo("twilio", later)
            with pytest.raises(PhotoRefusedError):
                await fetcher.photo("telnyx", good)
        finally:
            await fetcher.close()
        assert other.asked == [], "nobody else was asked"
        assert all(known for _, known in provider.asked)


def test_only_pictures_are_kept_and_small_copies_say_nothing_else(tmp_path: Path) -> None:
    small = thumbnail(jpeg(4000, 3000))
    assert picture_type(small) == "image/jpeg"
    assert len(small) < 20_000
    for no_picture in (SVG, b"GIF89a" + b"x" * 40, b"", b"\xff\xd8\xff" + b"\0" * 99, b"<html>"):
        with pytest.raises(NoPictureError):
            thumbnail(no_picture)
        with pytest.raises(NoPictureError):
            PhotoShelf(tmp_path).keep("m", 0, no_picture)
    assert picture_type(SVG) is None


def test_the_shelf_keeps_each_photo_once_and_forgets_all_of_them(tmp_path: Path) -> None:
    shelf = PhotoShelf(tmp_path / "photos")
    first, again = shelf.keep("m1", 0, jpeg()), shelf.keep("m2", 0, jpeg())
    assert first == again
    assert shelf.content("m1", 0) == shelf.content("m2", 0) == jpeg()
    assert len([p for p in (tmp_path / "photos" / "files").rglob("*") if p.is_file()]) == 2, (
        "and its small copy"
    )
    shelf.refuse("m3", 0, "too large")
    (shelf.folder / "index" / "m4-0.json").write_bytes(b"{torn")
    assert shelf.record("m4", 0) is None
    assert shelf.purge(datetime(2026, 11, 9, tzinfo=UTC)) == 2
    assert shelf.content("m1", 0) is shelf.content("m2", 0, small=True) is None
    assert {r.state for n in ("m1", "m2", "m3") if (r := shelf.record(n, 0))} == {"purged"}
    assert shelf.purged_at() == datetime(2026, 11, 9, tzinfo=UTC)
    assert not (shelf.folder / "files").exists()
    assert shelf.purge(datetime(2026, 11, 10, tzinfo=UTC)) == 0, "again, and nothing is left"


def test_the_disks_last_room_is_the_journals(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="journal"):
        PhotoShelf(tmp_path, spare=1 << 60).keep("m", 0, jpeg())
    assert PhotoShelf(tmp_path).record("m", 0) is None, "so that it is tried again"


async def test_what_cannot_be_had_is_tried_again_ever_later_and_then_given_up(
    database_url: str, tmp_path: Path
) -> None:
    connection = await connect(database_url)
    async with fake_provider() as provider:
        url, its_id = provider.put("late", b"", status=503), message_id("twilio", "late")
        raw = urlencode({"NumMedia": "1", "MediaUrl0": url}).encode()
        text = Message(its_id, "twilio", "late", Channel.SMS, "+12155550001", "", raw, NOON, NOON, "")
        entry = CheckIn(
            check_in_id(its_id, 0), its_id, 0, Kind.UNREAD, Channel.SMS, None, None, text.sender, NOON, NOON,
            NOON, detail={"photos": 1},
        )  # fmt: skip
        await election_log.append(connection, [text], [entry])

        @asynccontextmanager
        async def acquire() -> AsyncIterator[asyncpg.Connection]:
            yield connection

        now = [0.0]
        shelf = PhotoShelf(tmp_path)
        client = PhotoClient({"twilio": PhotoHost("twilio", provider.url, (ACCOUNT, TOKEN))}, 1 << 20)
        follower = PhotoFollower(shelf, client, acquire, lambda: NOON, lambda: now[0])
        try:
            await follower.look()
            await follower.look()
            assert len(provider.asked) == 1, "not at once again"
            for tries in range(2, MOST_TRIES + 1):
                now[0] += LONGEST_PAUSE
                await follower.look()
                assert len(provider.asked) == tries
            record = shelf.record(str(its_id), 0)
            assert record and (record.state, "503" in record.why) == ("refused", True)
            now[0] += LONGEST_PAUSE
            await follower.look()
            assert len(provider.asked) == MOST_TRIES, "given up"
            provider.put("late", jpeg())
            (tmp_path / "index" / f"{its_id}-0.json").unlink()
            await PhotoFollower(shelf, client, acquire, lambda: NOON).look()
            assert shelf.content(str(its_id), 0) == jpeg(), "a restart tries afresh what is not recorded"
        finally:
            await client.close()
            await connection.close()

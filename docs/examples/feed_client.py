"""Follows the tally's feed and prints what changes: `python feed_client.py ws://127.0.0.1:8405/feed TOKEN`.

Keeps the numbering, resumes after a break, and takes a fresh snapshot whenever the tally sends one.
"""

import asyncio
import json
import sys
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


async def follow(address: str, token: str) -> None:
    """For ever; a lost connection is tried again each second."""
    engine, seq, standings = "", -1, {}
    while True:
        query = urlencode({"token": token, "engine": engine, "since": seq})
        try:
            async with connect(f"{address}?{query}", max_size=None) as feed:
                async for text in feed:
                    message = json.loads(text)
                    if message["type"] == "hello":
                        engine = message["engine"]
                    elif message["type"] == "snapshot":
                        columns = message["standings"]
                        rows = [
                            dict(zip(columns, row, strict=True))
                            for row in zip(*columns.values(), strict=True)
                        ]
                        standings = {row["precinct_id"]: row for row in rows}
                        print(f"snapshot {message['seq']}: {len(standings)} precincts", flush=True)
                    elif message["type"] == "delta":
                        for row in message["standings"]:
                            standings[row["precinct_id"]] = row
                            print(
                                row["precinct_id"], row["state"], row["last_votes"], row["reason"], flush=True
                            )
                    seq = message.get("seq", seq)
        except (OSError, ConnectionClosed):
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(follow(*sys.argv[1:3]))

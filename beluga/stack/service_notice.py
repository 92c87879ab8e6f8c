"""Words to systemd: that the stack is ready, and, as long as it is looked after, that it lives.

The protocol of sd_notify(3): a datagram to the socket that `NOTIFY_SOCKET` names. Where there is none, nobody
is told and nothing fails.
"""

import asyncio
import os
import socket


def tell_service_manager(words: str) -> bool:
    """Send words such as `READY=1`; whether somebody was there to hear them."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):  # the abstract namespace
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
            to.sendto(words.encode(), address)
    except OSError:
        return False
    return True


async def keep_telling() -> None:
    """Say twice within each of the manager's spans (`WATCHDOG_USEC`) that the loop still turns."""
    span = os.environ.get("WATCHDOG_USEC", "")
    if not span.isdigit() or not int(span):
        return
    while tell_service_manager("WATCHDOG=1"):  # noqa: ASYNC110 (a beat, not a wait)
        await asyncio.sleep(int(span) / 2e6)

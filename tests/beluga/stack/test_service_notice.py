"""What systemd is told: that the stack is ready, and again and again that it lives."""

import asyncio
import socket
from pathlib import Path

import pytest

from beluga.stack.service_notice import keep_telling, tell_service_manager


async def test_it_is_told_through_the_socket_it_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not tell_service_manager("READY=1")
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        assert tell_service_manager("READY=1")
        assert manager.recv(100) == b"READY=1"
        monkeypatch.setenv("WATCHDOG_USEC", "20000")
        telling = asyncio.create_task(keep_telling())
        loop = asyncio.get_running_loop()
        for _ in range(3):
            assert await asyncio.wait_for(loop.sock_recv(manager, 100), 5) == b"WATCHDOG=1"
        telling.cancel()
    assert not tell_service_manager("READY=1")  # nobody listens any more


async def test_without_a_watchdog_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    await asyncio.wait_for(keep_telling(), 1)

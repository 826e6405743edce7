"""Blocking code in an event loop: it runs in the loop's own thread and lets the loop go on wherever it waits.

Use cases are plain functions over a transaction. In a thread beside the event loop they would fight with it for the
interpreter: measured at 64 connections, that made a call half as expensive again (560 us instead of 345). So they
run in the loop's thread, each in a greenlet, and where a driver would wait for the database or the disk, the greenlet
hands the wait to the loop. Outside an event loop the same code simply waits.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

Result = TypeVar("Result")


class _Guest(greenlet):
    """A function that runs in an event loop's thread; its parent is the coroutine that started it."""


async def run(function: Callable[[], Result]) -> Result:
    """Run a function that may wait; whatever it waits for, the loop does other things meanwhile."""
    guest = _Guest(function)
    waited_for: Any = guest.switch()
    while not guest.dead:
        try:
            value = await waited_for
        except BaseException:  # noqa: BLE001 - it belongs to the function, which waits for it
            waited_for = guest.throw(*sys.exc_info())
        else:
            waited_for = guest.switch(value)
    result: Result = waited_for
    return result


def is_guest() -> bool:
    """Whether the running code is a function started by `run`."""
    return isinstance(getcurrent(), _Guest)


def wait_for(awaitable: Awaitable[Result]) -> Result:
    """The result of an awaitable, for a guest."""
    loop_side = getcurrent().parent
    assert loop_side is not None
    result: Result = loop_side.switch(awaitable)
    return result


def aside(function: Callable[[], Result]) -> Result:
    """Run something that blocks: for a guest in a thread, while the loop goes on; for anybody else right here."""
    if not is_guest():
        return function()
    return wait_for(asyncio.get_running_loop().run_in_executor(None, function))


def pause(seconds: float) -> None:
    """Sleep, and let the loop go on if there is one."""
    if is_guest():
        wait_for(asyncio.sleep(seconds))
    else:
        time.sleep(seconds)

"""Looks that wait: while some are answered, by one thread, those that come meanwhile gather, and are answered next.

None waits for another one that was not there before it: where no look is under way, one is answered at once and by
itself. The busier a process is, the more of them share a reading, a writing and a flush to disk.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ledger.errors import GongzhiError
from ledger.services.gateway import Gateway
from ledger.services.look_together import WaitingLook, answer_together

MOST_TOGETHER = 12


class WaitingLooks:
    """The looks at one record that a process answers; its methods belong to its event loop."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._waiting: list[tuple[WaitingLook[Any], asyncio.Future[Any]]] = []
        self._thread = ThreadPoolExecutor(1, "looks")
        self._answering: asyncio.Task[None] | None = None

    async def outcome(self, look: WaitingLook[Any]) -> Any:
        """Return what `answer_together` gives for a look; raises what it may raise."""
        awaited = asyncio.get_running_loop().create_future()
        self._waiting.append((look, awaited))
        if self._answering is None or self._answering.done():
            self._answering = asyncio.create_task(self._answer_all())
        outcome = await awaited
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _answer_all(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            await self._answer([one for one in some if not one[1].done()])

    async def _answer(self, some: Sequence[tuple[WaitingLook[Any], asyncio.Future[Any]]]) -> None:
        outcomes: Sequence[Any] = [GongzhiError()] * len(some)
        try:
            outcomes = await self._answered([look for look, _ in some])
        except Exception as failure:  # noqa: BLE001 (raised where each is awaited)
            outcomes = [failure] * len(some)
        finally:
            # Whatever happened, nobody waits for ever.
            for (_, awaited), outcome in zip(some, outcomes, strict=True):
                if not awaited.done():
                    awaited.set_result(outcome)

    async def _answered(self, looks: Sequence[WaitingLook[Any]]) -> Sequence[Any]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, answer_together, self._gateway, looks)

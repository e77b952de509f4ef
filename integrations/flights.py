"""Flights: of many threads that want the same thing at once, one goes and the others take what it brings."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """What is under way now, by key. Nothing is kept once it has come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[T]] = {}

    def share(self, key: str, fetch: Callable[[], T]) -> T:
        """What `fetch` brings, ours or that of whoever set out before us. Its errors are shared too."""
        with self._lock:
            flight = self._under_way.get(key)
            is_ours = flight is None
            if flight is None:
                flight = self._under_way[key] = Future()
        if is_ours:
            self._fly(key, flight, fetch)
        return flight.result()

    def _fly(self, key: str, flight: Future[T], fetch: Callable[[], T]) -> None:
        try:
            brought = fetch()
        except BaseException as error:
            self._land(key)
            flight.set_exception(error)
        else:
            self._land(key)
            flight.set_result(brought)

    def _land(self, key: str) -> None:
        with self._lock:
            del self._under_way[key]

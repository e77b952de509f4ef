"""The Rasa server as an engine: one message out, one reading back, within a time limit."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from nlu import training
from nlu.errors import Unavailable
from nlu.understanding import Entity, Reading

LARGEST_BYTES = 2**20
# of an answer; a reading takes some kilobytes


def answers(base_url: str, timeout_s: float, transport: httpx.BaseTransport | None = None) -> bool:
    """Whether a Rasa server is there."""
    try:
        with httpx.Client(base_url=base_url, timeout=timeout_s, transport=transport, trust_env=False) as http:
            return http.get("/").is_success
    except httpx.HTTPError:
        return False


@dataclass(frozen=True)
class Serving:
    """What a Rasa server says of itself."""

    version: str
    model: str
    # name of its file; empty: none is loaded


class RasaClient:
    """An `Understander` over `POST /model/parse`.

    Everything short of a sound answer (a timeout, a refused connection, an error status, HTML, an unknown intent, an
    answer that drips or never ends) is `Unavailable`, and the message never appears in the error.
    """

    def __init__(
        self,
        base_url: str,
        timeout_s: float = 0.8,
        transport: httpx.BaseTransport | None = None,
        known_intents: Collection[str] | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        # for a whole answer; a single wait on the socket may begin just before the end
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s, transport=transport, trust_env=False)
        self._known_intents = frozenset(training.intents() if known_intents is None else known_intents)

    def read(self, text: str) -> Reading:
        """The intent and entities of one masked message. Raises `Unavailable`."""
        asked = text.lstrip("/ ")  # Rasa would take an intent from behind a slash, and strips spaces by itself
        return self._reading(self._ask(asked), removed=len(text) - len(asked))

    def serving(self) -> Serving:
        """The server's version and model. Raises `Unavailable`."""
        try:
            version = self._http.get("/version").raise_for_status().json()["version"]
            status = self._http.get("/status")
            loaded = status.json()["model_file"] if status.is_success else ""
        except httpx.HTTPError as error:
            raise Unavailable(f"Rasa did not answer ({type(error).__name__}).") from error
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable("What answers there is no Rasa server.") from error
        return Serving(str(version), str(loaded or "").rpartition("/")[2])

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __enter__(self) -> RasaClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, text: str) -> Any:
        ends_at = time.monotonic() + self._timeout_s
        try:
            with self._http.stream("POST", "/model/parse", json={"text": text}) as answer:
                answer.raise_for_status()
                return json.loads(self._whole(answer, ends_at))
        except httpx.HTTPStatusError as error:
            raise Unavailable(f"Rasa answered with status {error.response.status_code}.") from None
        except httpx.HTTPError as error:
            raise Unavailable(f"Rasa did not answer ({type(error).__name__}).") from error
        except (ValueError, RecursionError) as error:
            raise Unavailable("Rasa's answer is not JSON.") from error

    def _whole(self, answer: httpx.Response, ends_at: float) -> bytes:
        """The answer's bytes, read while there is time and room."""
        content = bytearray()
        for part in answer.iter_bytes():
            content += part
            if time.monotonic() > ends_at or len(content) > LARGEST_BYTES:
                raise Unavailable("Rasa's answer drips, or does not end.")
        return bytes(content)

    def _reading(self, answer: Any, removed: int) -> Reading:
        try:
            intent, confidence = answer["intent"]["name"], float(answer["intent"]["confidence"])
            entities = tuple(_entity(found, removed) for found in answer["entities"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise Unavailable("Rasa's answer lacks its intent or entities.") from error
        if intent not in self._known_intents or not 0 <= confidence <= 1:
            raise Unavailable(f"Rasa's answer names an unknown intent or an impossible confidence: {intent!r}.")
        return Reading(intent, confidence, entities, engine="rasa")


def _entity(found: dict[str, Any], removed: int) -> Entity:
    score = float(found.get("confidence_entity", 1.0))
    start, end = int(found["start"]) + removed, int(found["end"]) + removed
    return Entity(str(found["entity"]), str(found["value"]), start, end, score)

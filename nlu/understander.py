"""Understanding one message: an engine's reading, the aspects, and the procedures it may be about."""

from __future__ import annotations

from collections.abc import Sequence

from nlu import confidence as confidences
from nlu import cues, encoder
from nlu import text as texts
from nlu.encoder import Encoder, Vectors
from nlu.errors import Unavailable
from nlu.readings import content
from nlu.rest import Rest
from nlu.retrieval import Retrieval
from nlu.scope import Scope
from nlu.understanding import Aspect, Candidate, Entity, Part, Reading, Understander, Understanding

SHORT = 12
# words of a text that may go on with the topic
SURE = 0.6
# an intent this confident names an aspect that no pattern shows


class Interpreter:
    """Asks the engines in their order until one answers; the last one must always answer."""

    def __init__(
        self, engines: Sequence[Understander], scope: Scope, retrieval: Retrieval, reader: Encoder | None = None
    ) -> None:
        """`reader` must be the encoder that the index and the scope were made with, or None when made without."""
        self._engines = engines
        self._scope = scope
        self._retrieval = retrieval
        self._reader = reader
        self._confidence = confidences.fitted(reader is not None)
        self._rests = [Rest() for _ in engines]

    def understand(self, text: str, topic: str = "") -> Understanding:
        """The meaning of a masked, normalised text; `topic` is the name of the procedure that is being talked about."""
        folded = texts.written_out(text)
        meant = cues.corrected(folded)
        asked = meant or text
        names_nothing = cues.names_nothing(content(asked))
        reading = self._read(asked) if names_nothing else self._settled(asked)
        in_context = topic and len(folded.split()) <= SHORT and not names_nothing
        taken_back = (Entity("correction", meant, 0, len(text)),) if meant else ()
        return Understanding(
            text=text,
            intent=reading.intent,
            intent_confidence=reading.confidence,
            aspects=_aspects(asked, reading),
            entities=(*reading.entities, *cues.entities(text), *taken_back),
            candidates=self._rank(asked),
            engine=reading.engine,
            in_context=self._rank(f"{topic} {asked}") if in_context else (),
            parts=tuple(self._part(part) for part in cues.questions(text)),
        )

    def meanings(self, texts: Sequence[str]) -> Vectors | None:
        """A unit vector a text, as the index reads it; None without an encoder."""
        return encoder.of(self._retrieval.spoken(texts), self._reader) if self._reader else None

    def _settled(self, text: str) -> Reading:
        """An engine's reading where the text is about a matter of ours; otherwise what it is instead."""
        return self._scope.settle(self._read(text), text, self._retrieval.meaning(text, self._reader))

    def _rank(self, text: str) -> tuple[Candidate, ...]:
        return self._retrieval.rank(text, self._confidence, self._reader)

    def _part(self, text: str) -> Part:
        return Part(text, cues.aspects(texts.written_out(text)), self._rank(text))

    def _read(self, text: str) -> Reading:
        """An engine that failed rests a while, so that one that hangs costs a citizen's patience only once."""
        for engine, rest in zip(self._engines, self._rests, strict=True):
            if not rest.is_over():
                continue
            try:
                reading = engine.read(text)
            except Unavailable:
                rest.begin()
            else:
                rest.end()
                return reading
        raise Unavailable("no engine answered")


def _aspects(text: str, reading: Reading) -> tuple[Aspect, ...]:
    """What the words show; where they show nothing, what a confident intent says."""
    shown = cues.aspects(texts.written_out(text))
    said = cues.ASPECT_OF_INTENT.get(reading.intent)
    return shown or ((said,) if said and reading.confidence >= SURE else ())

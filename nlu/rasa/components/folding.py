"""Rasa's tokens, folded: what Rasa counts is what the embedded engine counts."""

from __future__ import annotations

from typing import List

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.text import comparable

_NO_WORDS = "nowords"  # a message of signs alone: without any token the classifier would fail


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class FoldingTokenizer(WhitespaceTokenizer):
    """Cuts the folded, written-out text into words; the message keeps its text, so entities keep their offsets."""

    def tokenize(self, message: Message, attribute: str) -> List[Token]:
        if attribute != TEXT:
            return super().tokenize(message, attribute)
        text = comparable(message.get(attribute)) or _NO_WORDS
        return self._apply_token_pattern(self._convert_words_to_tokens(text.split(), text))

"""The one custom action of the dialogue server that the load is compared with; run by rasa_sdk."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher


class ActionAnswer(Action):
    """Says what was understood, as a stand-in for an answer."""

    def name(self) -> str:
        """The name in rules and domain."""
        return "action_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """One text, nothing remembered."""
        dispatcher.utter_message(text=f"understood: {tracker.latest_message['intent']['name']}")
        return []

"""The citizens: what they send, what reaches them, and until when they may be written to."""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass, field

from integrations.stand_ins.zalo.account import Account, Clock, Json, Rejected
from integrations.stand_ins.zalo.files import Files
from integrations.stand_ins.zalo.pushes import Pushes
from integrations.stand_ins.zalo.shapes import QUERIES, check_message

FREE_S, OPEN_S = 48 * 3600, 7 * 24 * 3600
FREE_MESSAGES = 8
# of each interaction
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# one dot
WRONG, NO_QUOTA, NOT_FOLLOWING, WINDOW = -201, -211, -213, -230


@dataclass
class Person:
    """A citizen."""

    id: str
    said_at_s: float | None = None
    # when they last wrote; seconds since 1970
    free_left: int = 0
    has_left: bool = False
    buttons: dict[str, list[Json]] = field(default_factory=dict)
    # message id -> its buttons


class People:
    """Everybody who knows the account."""

    def __init__(self, account: Account, clock: Clock, pushes: Pushes) -> None:
        self._account = account
        self._clock = clock
        self._pushes = pushes
        self._people: dict[str, Person] = {}
        self._ids = itertools.count(1)
        self._message_ids = itertools.count(1)
        self.paid = 0
        # paid messages the account still has
        self.sent: list[Json] = []
        self.base_url = ""
        # of the stand-in, as whoever gives orders sees it
        self.files = Files()
        self.pictures: list[bytes] = []
        # what citizens sent, by number from 1

    # What the account does

    def receive(self, body: Json) -> Json:
        """A message of the account arrives; what Zalo answers."""
        recipient = body.get("recipient")
        user_id = recipient.get("user_id") if isinstance(recipient, dict) else None
        person = self._people.get(user_id) if isinstance(user_id, str) else None
        if person is None:
            raise Rejected(WRONG, "Invalid parameter: user_id")
        buttons = check_message(body.get("message"))
        self._check_file(body["message"].get("attachment"))
        quota = self._quota(person)
        message_id = f"oa-{next(self._message_ids)}"
        person.buttons[message_id] = buttons
        self.sent.append({"message_id": message_id, "user_id": person.id, "message": body["message"]})
        self._echo(person, message_id, body["message"])
        return {"message_id": message_id, "user_id": person.id, "quota": quota}

    def _check_file(self, attachment: Json | None) -> None:
        """Refuses a file that was never handed in."""
        payload = (attachment or {}).get("payload")
        if (
            attachment
            and attachment["type"] == "file"
            and not (isinstance(payload, dict) and self.files.find(str(payload.get("token"))))
        ):
            raise Rejected(WRONG, "Invalid parameter: token")

    def _quota(self, person: Person) -> Json:
        """What the message is paid with; refused when there is nothing, or the window is over."""
        if person.has_left:
            raise Rejected(NOT_FOLLOWING, "User is not following the OA")
        if person.said_at_s is None or (rested_s := self._clock.now_s() - person.said_at_s) >= OPEN_S:
            raise Rejected(WINDOW, "User has not interacted with the OA in the past 7 days")
        if rested_s < FREE_S and person.free_left:
            person.free_left -= 1
            return {"quota_type": "reply", "remain": str(person.free_left), "total": str(FREE_MESSAGES)}
        if not self.paid:
            raise Rejected(NO_QUOTA, "Out of quota")
        self.paid -= 1
        return {"quota_type": "purchase_quota", "remain": str(self.paid), "total": str(self.paid + 1)}

    def _echo(self, person: Person, message_id: str, message: Json) -> None:
        """Zalo tells the account of its own messages too."""
        told = {"text": message.get("text", ""), "msg_id": message_id}
        self._push("oa_send_text", {"sender": {"id": self._account.oa_id}, "recipient": {"id": person.id}}, told)

    # What citizens do

    def writes(self, order: Json) -> Json:
        """A citizen sends text."""
        return self._says(order, "user_send_text", {"text": str(order["text"])})

    def sends_image(self, order: Json) -> Json:
        """A citizen sends a picture: base64 `content`, which lies on the stand-in then, or an address of one."""
        address = str(order.get("url", ""))
        if not address:
            self.pictures.append(base64.b64decode(str(order.get("content", ""))) or PICTURE)
            address = f"{self.base_url}photos/{len(self.pictures)}.jpg"
        picture = {"type": "image", "payload": {"url": address, "thumbnail": address}}
        return self._says(order, "user_send_image", {"text": str(order.get("text", "")), "attachments": [picture]})

    def sends_location(self, order: Json) -> Json:
        """A citizen sends a place."""
        where = {"latitude": str(order["latitude"]), "longitude": str(order["longitude"])}
        place = {"type": "location", "payload": {"coordinates": where}}
        return self._says(order, "user_send_location", {"text": str(order.get("text", "")), "attachments": [place]})

    def presses(self, order: Json) -> Json:
        """A citizen presses a button: its payload comes as if it were written."""
        buttons = self._person(order).buttons.get(str(order["message_id"]), [])
        pressed = next((button for button in buttons if button["title"] == order["title"]), None)
        if pressed is None or pressed["type"] not in QUERIES:
            raise ValueError("no such button")
        return self._says(order, "user_send_text", {"text": pressed["payload"]})

    def follows(self, order: Json) -> Json:
        """A citizen follows the account, perhaps again."""
        person = self._person(order)
        person.has_left = False
        self._interacts(person)
        return self._push("follow", {"follower": {"id": person.id}, "oa_id": self._account.oa_id}, None)

    def unfollows(self, order: Json) -> Json:
        """A citizen leaves."""
        person = self._person(order)
        person.has_left = True
        return self._push("unfollow", {"follower": {"id": person.id}, "oa_id": self._account.oa_id}, None)

    def _says(self, order: Json, event_name: str, message: Json) -> Json:
        person = self._person(order)
        self._interacts(person)
        msg_id = str(order.get("msg_id") or f"msg-{next(self._ids)}")
        people = {"sender": {"id": person.id}, "recipient": {"id": self._account.oa_id}}
        return self._push(event_name, people, message | {"msg_id": msg_id})

    def _person(self, order: Json) -> Person:
        user_id = str(order["user_id"])
        return self._people.setdefault(user_id, Person(user_id))

    def _interacts(self, person: Person) -> None:
        """The window opens anew."""
        person.said_at_s, person.free_left = self._clock.now_s(), FREE_MESSAGES

    def _push(self, event_name: str, people: Json, message: Json | None) -> Json:
        """An event as Zalo writes it; all ids and the moment are text."""
        event = {"app_id": self._account.app_id, "user_id_by_app": "0", "event_name": event_name, **people}
        if message is not None:
            event["message"] = message
        event["timestamp"] = str(int(self._clock.now_s() * 1000))
        self._pushes.push(event)
        return event

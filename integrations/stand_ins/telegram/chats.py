"""Chats: what the bot sends, what users do, the files both exchange. Numbers below nought are groups."""

from __future__ import annotations

import base64
import itertools
import re
import time
from dataclasses import dataclass, field

from integrations.stand_ins.telegram.calls import Call, File
from integrations.stand_ins.telegram.markup import Json, Written, utf16_length
from integrations.stand_ins.telegram.refusals import Rejected, bad_request
from integrations.stand_ins.telegram.updates import Updates

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
# UTF-16 units after the markup is read
PHOTO_BYTES = 10 * 2**20
DOCUMENT_BYTES = 50 * 2**20
DOWNLOAD_BYTES = 20 * 2**20
ACTIONS = {
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
}  # fmt: skip
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass
class Chat:
    """A chat between one user and the bot, or a group that somebody added the bot to."""

    id: int
    name: str
    is_blocked: bool = False
    messages: dict[int, Json] = field(default_factory=dict)
    # message id -> message as it now stands

    @property
    def is_group(self) -> bool:
        """Whether several people are in it."""
        return self.id < 0

    def user(self) -> Json:
        """The person."""
        return {"id": abs(self.id), "is_bot": False, "first_name": self.name, "language_code": "vi"}

    def card(self) -> Json:
        """The chat as messages name it."""
        if self.is_group:
            return {"id": self.id, "type": "supergroup", "title": self.name}
        return {"id": self.id, "type": "private", "first_name": self.name}


class Chats:
    """The bot, its chats and files."""

    def __init__(self, bot_id: int, updates: Updates) -> None:
        self._me: Json = {"id": bot_id, "is_bot": True, "first_name": "Một Cửa", "username": "motcua_bot"}
        self._files: dict[str, tuple[str, File]] = {}
        # file id -> path and file
        self._updates = updates
        self._chats: dict[int, Chat] = {}
        self._commands: list[Json] = []
        self._callbacks: set[str] = set()
        # query ids still to be answered
        self._message_ids = itertools.count(1)
        self._file_ids = itertools.count(1)
        self._callback_ids = itertools.count(4_300_000_000_000_000_001)

    # What the bot does

    async def getMe(self, call: Call) -> Json:
        """The bot itself."""
        return self._me | {"can_join_groups": True, "can_read_all_group_messages": False,
                          "supports_inline_queries": False}  # fmt: skip

    async def sendMessage(self, call: Call) -> Json:
        """The bot writes."""
        chat, markup, written = self._open_chat(call), call.markup(), call.written("text", TEXT_LIMIT)
        if not written.text.strip():
            raise bad_request("message text is empty")
        return self._add(chat, self._me, _text_fields(written), markup)

    async def sendPhoto(self, call: Call) -> Json:
        """The bot sends a picture."""
        chat, markup, written = self._open_chat(call), call.markup(), call.written("caption", CAPTION_LIMIT)
        file_id = self._sent_file(call, "photo", PHOTO_BYTES)
        return self._add(chat, self._me, {"photo": self._photo(file_id)} | _caption_fields(written), markup)

    async def sendDocument(self, call: Call) -> Json:
        """The bot sends a file."""
        chat, markup, written = self._open_chat(call), call.markup(), call.written("caption", CAPTION_LIMIT)
        file_id = self._sent_file(call, "document", DOCUMENT_BYTES)
        file = self._files[file_id][1]
        document = self._file_card(file_id) | {"file_name": file.name, "mime_type": file.mime}
        return self._add(chat, self._me, {"document": document} | _caption_fields(written), markup)

    async def editMessageText(self, call: Call) -> Json:
        """The bot rewrites one of its messages; a keyboard that is not repeated goes."""
        markup, written = call.markup(), call.written("text", TEXT_LIMIT)
        message = self._own_message(call, "edit")
        if not written.text.strip():
            raise bad_request("message text is empty")
        if "text" not in message:
            raise bad_request("there is no text in the message to edit")
        return self._edit(message, _text_fields(written), markup)

    async def editMessageReplyMarkup(self, call: Call) -> Json:
        """The bot changes the keyboard under one of its messages."""
        markup = call.markup()
        message = self._own_message(call, "edit")
        kept: Json = {name: message[name] for name in ("text", "entities") if name in message}
        return self._edit(message, kept, markup)

    async def deleteMessage(self, call: Call) -> bool:
        """A message disappears."""
        chat = self._chat(call)
        if chat.messages.pop(call.integer("message_id"), None) is None:
            raise bad_request("message to delete not found")
        self._updates.wake()
        return True

    async def answerCallbackQuery(self, call: Call) -> bool:
        """The bot has seen that a button was pressed."""
        if call.text("callback_query_id") not in self._callbacks:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        if len(call.text("text")) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        self._callbacks.discard(call.text("callback_query_id"))
        return True

    async def sendChatAction(self, call: Call) -> bool:
        """The bot is seen to be typing."""
        self._open_chat(call)
        if call.text("action") not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        return True

    async def setMyCommands(self, call: Call) -> bool:
        """The menu of commands."""
        commands = call.value("commands")
        if not isinstance(commands, list) or not all(isinstance(command, dict) for command in commands):
            raise bad_request("can't parse commands: expected an Array of BotCommand")
        for command in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", "")).removeprefix("/")):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description", ""))) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self._commands = commands
        return True

    async def getMyCommands(self, call: Call) -> list[Json]:
        """The menu of commands."""
        return self._commands

    async def getFile(self, call: Call) -> Json:
        """Where a file can be fetched."""
        file_id = call.text("file_id")
        if file_id not in self._files:
            raise bad_request("invalid file_id")
        path, file = self._files[file_id]
        if len(file.content) > DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        return self._file_card(file_id) | {"file_path": path}

    def _chat(self, call: Call) -> Chat:
        """The chat that a call names."""
        if "chat_id" not in call.values:
            raise bad_request("chat_id is empty")
        try:
            return self._chats[int(call.values["chat_id"])]
        except (KeyError, TypeError, ValueError):
            raise bad_request("chat not found") from None

    def _open_chat(self, call: Call) -> Chat:
        """The chat that a call names, if the user lets the bot in."""
        chat = self._chat(call)
        if chat.is_blocked:
            who = "kicked from the supergroup chat" if chat.is_group else "blocked by the user"
            raise Rejected(403, f"Forbidden: bot was {who}")
        return chat

    def _own_message(self, call: Call, what: str) -> Json:
        """The bot's own message that a call names."""
        message = self._open_chat(call).messages.get(call.integer("message_id"))
        if message is None:
            raise bad_request(f"message to {what} not found")
        if message["from"]["id"] != self._me["id"]:
            raise bad_request(f"message can't be {what}ed")
        return message

    def _add(self, chat: Chat, author: Json, content: Json, markup: Json | None = None) -> Json:
        """A new message in the chat; only inline keyboards are part of it."""
        message_id = next(self._message_ids)
        message = {"message_id": message_id, "from": author, "chat": chat.card(), "date": int(time.time())} | content
        if markup and markup.get("inline_keyboard"):
            message["reply_markup"] = {"inline_keyboard": markup["inline_keyboard"]}
        chat.messages[message_id] = message
        self._updates.wake()
        return message

    def _edit(self, message: Json, content: Json, markup: Json | None) -> Json:
        """The message with new content."""
        keyboard = (markup or {}).get("inline_keyboard")
        edited = {name: part for name, part in message.items() if name not in ("text", "entities", "reply_markup")}
        edited |= content | ({"reply_markup": {"inline_keyboard": keyboard}} if keyboard else {})
        if edited == message:
            raise bad_request("message is not modified: specified new message content and reply markup are exactly "
                              "the same as a current content and reply markup of the message")  # fmt: skip
        edited["edit_date"] = int(time.time())
        self._chats[message["chat"]["id"]].messages[message["message_id"]] = edited
        self._updates.wake()
        return edited

    def _sent_file(self, call: Call, name: str, limit_bytes: int) -> str:
        """The id of the file a call sends: uploaded as a part, attached by name, or known already."""
        given = call.text(name)
        file = call.files.get(given.removeprefix("attach://") if given else name)
        if file is None:
            if given in self._files:
                return given
            raise bad_request("wrong file identifier/HTTP URL specified" if given else f"there is no {name} in the "
                              "request")  # fmt: skip
        if not file.content:
            raise bad_request("file must be non-empty")
        if len(file.content) > limit_bytes:
            raise Rejected(413, "Request Entity Too Large")
        return self._keep(file, f"{name}s")

    def _keep(self, file: File, folder: str) -> str:
        """Keeps a file and gives its id."""
        number = next(self._file_ids)
        suffix = file.name.rpartition(".")[2] if "." in file.name else "bin"
        self._files[f"FILE{number}"] = (f"{folder}/file_{number}.{suffix}", file)
        return f"FILE{number}"

    def _file_card(self, file_id: str) -> Json:
        """The file as messages name it."""
        size = len(self._files[file_id][1].content)
        return {"file_id": file_id, "file_unique_id": f"U{file_id}", "file_size": size}

    def _photo(self, file_id: str) -> list[Json]:
        """The picture in the one size we have."""
        return [self._file_card(file_id) | {"width": 1, "height": 1}]

    def file_at(self, path: str) -> File | None:
        """The file kept at a path."""
        return next((file for known, file in self._files.values() if known == path), None)

    def sent(self, chat_id: str | None) -> list[Json]:
        """The bot's messages in one chat, or in all, as they now stand."""
        chats = [chat for chat in self._chats.values() if chat_id in (None, str(chat.id))]
        messages = itertools.chain.from_iterable(chat.messages.values() for chat in chats)
        return [message for message in messages if message["from"]["id"] == self._me["id"]]

    # What users do

    def _chat_of(self, order: Json) -> Chat:
        """The chat of a user, opened when new."""
        chat_id = int(order["chat_id"])
        return self._chats.setdefault(chat_id, Chat(chat_id, order.get("name") or "Người dân"))

    def user_writes(self, order: Json) -> Json:
        """A user sends text."""
        text = str(order["text"])
        if not text.strip() or utf16_length(text) > TEXT_LIMIT:
            raise bad_request("a user's message has 1 to 4096 characters")
        return self._user_sends(order, _text_fields(Written(text, _commands(text))))

    def user_sends_photo(self, order: Json) -> Json:
        """A user sends a picture."""
        file_id = self._keep(_users_file(order, File("picture.png", "image/png", PICTURE)), "photos")
        return self._user_sends(order, {"photo": self._photo(file_id)} | _users_caption(order))

    def user_sends_document(self, order: Json) -> Json:
        """A user sends a file."""
        file_id = self._keep(_users_file(order, File("don.pdf", "application/pdf", b"%PDF-1.4")), "documents")
        file = self._files[file_id][1]
        document = self._file_card(file_id) | {"file_name": file.name, "mime_type": file.mime}
        return self._user_sends(order, {"document": document} | _users_caption(order))

    def user_sends_voice(self, order: Json) -> Json:
        """A user speaks."""
        file_id = self._keep(_users_file(order, File("voice.oga", "audio/ogg", b"OggS")), "voice")
        file = self._files[file_id][1]
        voice = self._file_card(file_id) | {"mime_type": file.mime, "duration": int(order.get("duration", 3))}
        return self._user_sends(order, {"voice": voice})

    def user_sends_location(self, order: Json) -> Json:
        """A user sends where they are."""
        place = {name: float(order[name]) for name in ("latitude", "longitude")}
        return self._user_sends(order, {"location": place})

    def user_sends_contact(self, order: Json) -> Json:
        """A user shares a number out of their telephone book, or their own."""
        contact = {"phone_number": str(order["phone_number"]), "first_name": str(order.get("name", "Lan"))}
        return self._user_sends(order, {"contact": contact})

    def _user_sends(self, order: Json, content: Json) -> Json:
        """A user's message and its update."""
        chat = self._chat_of(order)
        chat.is_blocked = False
        message = self._add(chat, chat.user(), content)
        return {"message_id": message["message_id"], "update_id": self._updates.add("message", message)}

    def user_presses(self, order: Json) -> Json:
        """A user presses a button of a message."""
        chat = self._chat_of(order)
        message = chat.messages.get(int(order["message_id"]), {})
        keyboard = message.get("reply_markup", {}).get("inline_keyboard", [])
        if order["data"] not in [button.get("callback_data") for row in keyboard for button in row]:
            raise bad_request("no such button")
        query_id = str(next(self._callback_ids))
        self._callbacks.add(query_id)
        query = {"id": query_id, "from": chat.user(), "message": message, "chat_instance": f"{chat.id}",
                 "data": order["data"]}  # fmt: skip
        return {"callback_query_id": query_id, "update_id": self._updates.add("callback_query", query)}

    def user_blocks(self, order: Json) -> Json:
        """A user blocks the bot, or takes it out of a group."""
        chat = self._chat_of(order)
        chat.is_blocked = True
        change = {"chat": chat.card(), "from": chat.user(), "date": int(time.time()),
                  "old_chat_member": {"user": self._me, "status": "member"},
                  "new_chat_member": {"user": self._me, "status": "kicked", "until_date": 0}}  # fmt: skip
        return {"update_id": self._updates.add("my_chat_member", change)}


def _text_fields(written: Written) -> Json:
    """Text as fields of a message."""
    return {"text": written.text} | ({"entities": written.entities} if written.entities else {})


def _users_file(order: Json, otherwise: File) -> File:
    """The file that a user sends: its content in base64, its name and kind as the user's telephone has them."""
    content = base64.b64decode(order["content"], validate=True) if "content" in order else otherwise.content
    return File(str(order.get("name", otherwise.name)), str(order.get("mime", otherwise.mime)), content)


def _users_caption(order: Json) -> Json:
    """What a user writes under a file."""
    text = str(order.get("caption", ""))
    if utf16_length(text) > CAPTION_LIMIT:
        raise bad_request("a caption has at most 1024 characters")
    return _caption_fields(Written(text, []))


def _caption_fields(written: Written) -> Json:
    """A caption as fields of a message."""
    caption = {"caption": written.text} if written.text else {}
    return caption | ({"caption_entities": written.entities} if written.entities else {})


def _commands(text: str) -> list[Json]:
    """The entities of /commands in a user's text."""
    found = re.finditer(r"(?<!\S)/[A-Za-z0-9_]+(?:@\w+)?", text)
    return [{"type": "bot_command", "offset": utf16_length(text[: match.start()]), "length": len(match[0])}
            for match in found]  # fmt: skip

"""A stand-in for the Telegram Bot API, over real HTTP: private chats, and groups (chat_id below nought).

    python -m integrations.stand_ins.telegram --port 8098 --token 1234:TEST

A bot library runs against it unmodified: base address http://127.0.0.1:8098/bot, files http://127.0.0.1:8098/file/bot.
It is our reading of the Bot API: what passes here still needs one run with a real token. Control routes (JSON):

    POST /__control/message  {chat_id, text, name?}         the user writes; opens the chat, ends a block
    POST /__control/photo    {chat_id, caption?, content?}  the user sends a picture (base64)
    POST /__control/voice    {chat_id, content?, duration?}  the user speaks (Ogg with Opus, base64)
    POST /__control/document {chat_id, caption?, content?, name?, mime?}   the user sends a file
    POST /__control/location {chat_id, latitude, longitude} the user sends a place
    POST /__control/contact  {chat_id, phone_number, name?} the user shares a number
    POST /__control/callback {chat_id, message_id, data}    the user presses a button that is really there
    POST /__control/block    {chat_id}                      the user blocks the bot, or takes it out of the group
    POST /__control/fault    {mode: "429" | "500_html" | "timeout" | "ok", times?, method?, after?, retry_after_s?,
                              delay_s?}
    GET  /__control/sent     ?chat_id=&at_least=&wait_s=    the bot's messages as they now stand
    GET  /__control/calls    ?method=                       the last calls with parameters, status and answer

A fault spoils the next `times` calls (all, when left out) of `method` (any but getUpdates, when left out), from the
`after`th on. "timeout"
does what was asked and answers too late: the case in which a sender cannot know.
"""

from integrations.stand_ins.telegram.api import app

__all__ = ["app"]

"""A stand-in for Zalo's Official Account API v3, its token service and its webhook pushes, over real HTTP.

    python -m integrations.stand_ins.zalo --port 8097

API, token service and citizens' photos share the address: MOT_CUA_ZALO_API_URL, MOT_CUA_ZALO_OAUTH_URL and
MOT_CUA_ZALO_PHOTO_ORIGINS are all http://127.0.0.1:8097. It is our reading of public descriptions: what passes here
still needs one run with a real account. Control routes (JSON):

    POST /__control/webhook   {url}                                  where events are pushed, the loopback only
    POST /__control/text      {user_id, text, msg_id?}               a citizen writes; the same msg_id is a duplicate
    POST /__control/image     {user_id, text?, content?, url?}       a citizen sends a picture (base64, or an address)
    POST /__control/location  {user_id, latitude, longitude, text?}  a citizen sends a place
    POST /__control/press     {user_id, message_id, title}           a citizen presses a button that is really there
    POST /__control/follow    {user_id}
    POST /__control/unfollow  {user_id}
    POST /__control/event     {...}                                  any event, pushed as it is
    POST /__control/clock     {hours}                                the stand-in's clock goes on by so many hours
    POST /__control/paid      {messages}                             paid messages the account still has
    POST /__control/fault     {mode, times?, path?, code?, retry_after_s?, delay_s?}
    POST /__control/spoil     {mode, times?}                         the next pushes are not as they should be
    GET  /__control/sent      ?user_id=&at_least=&wait_s=            the account's messages
    GET  /__control/calls     ?path=                                 the last calls with body, status and answer
    GET  /__control/pushes    ?at_least=&wait_s=                     the pushes that were made, with our answers
    GET  /__control/tokens                                           the pair in force, and how many were given
    GET  /files/TOKEN                                                a file that the account handed in and sent

`fault` modes: "ok", "code" (HTTP 200 with this error), "429", "500_html", "200_html", "timeout" (does what was asked
and answers too late: the case in which a sender cannot know). A fault spoils the next `times` calls (all, when left
out) whose path holds `path`. `spoil` modes: "ok", "twice" (pushed a second time although we took it), "anew" (the JSON
written anew after signing), "forged" (another secret), "bare" (signature without `mac=`), "header" (the signed
timestamp stands in the header only).
"""

from integrations.stand_ins.zalo.api import app

__all__ = ["app"]

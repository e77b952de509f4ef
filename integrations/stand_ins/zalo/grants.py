"""The token service: pairs whose refresh token works once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from integrations.stand_ins.zalo.account import Account, Clock, Json, Rejected

SPENT, WRONG_SECRET, WRONG_CODE, WRONG_GRANT = -14020, -14004, -14003, -14002
STALE, UNKNOWN = -220, -216
CODE, VERIFIER = "permission-code", "permission-verifier"
# what an administrator's permission brought


class Grants:
    """Every token that was given."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._numbers = itertools.count(1)
        self._ends_at: dict[str, float] = {}
        # access token -> seconds since 1970
        self.refresh_token = account.refresh_token
        self.access_token = ""
        self.given = 0

    def answer(self, headers: Mapping[str, str], form: Mapping[str, str]) -> Json:
        """A pair for a refresh token or a code. Only the newest refresh token works, and only once."""
        if headers.get("secret_key") != self._account.app_secret or form.get("app_id") != self._account.app_id:
            raise Rejected(WRONG_SECRET, "Invalid secret key")
        match form.get("grant_type"):
            case "refresh_token" if form.get("refresh_token") == self.refresh_token:
                return self._pair()
            case "refresh_token":
                raise Rejected(SPENT, "Invalid refresh token")
            case "authorization_code" if (form.get("code"), form.get("code_verifier")) == (CODE, VERIFIER):
                return self._pair()
            case "authorization_code":
                raise Rejected(WRONG_CODE, "Invalid code or code verifier")
        raise Rejected(WRONG_GRANT, "Invalid grant type")

    def check(self, access_token: str) -> None:
        """Refuses a token that was never given or is over."""
        ends_at = self._ends_at.get(access_token)
        if ends_at is None:
            raise Rejected(UNKNOWN, "Access token is invalid")
        if self._clock.now_s() >= ends_at:
            raise Rejected(STALE, "Access token has expired")

    def _pair(self) -> Json:
        number, self.given = next(self._numbers), self.given + 1
        self.access_token, self.refresh_token = f"access-{number}", f"refresh-{number}"
        lifetime_s = self._account.token_lifetime_s
        self._ends_at[self.access_token] = self._clock.now_s() + lifetime_s
        pair = {"access_token": self.access_token, "refresh_token": self.refresh_token}
        return pair | {"expires_in": f"{lifetime_s:g}"}

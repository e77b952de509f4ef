"""The token service: pairs whose refresh token works once."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Mapping

from integrations.stand_ins.zalo.account import Account, Clock, Json, Rejected

SPENT, WRONG_SECRET, WRONG_CODE, WRONG_GRANT = -14020, -14004, -14003, -14002
STALE, UNKNOWN = -220, -216


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
        self._challenges: dict[str, str] = {}
        # code -> challenge of its PKCE verifier

    def permit(self, challenge: str) -> str:
        """An administrator lets the application in: the code that proves it."""
        code = f"code-{next(self._numbers)}"
        self._challenges[code] = challenge
        return code

    def answer(self, headers: Mapping[str, str], form: Mapping[str, str]) -> Json:
        """A pair for a refresh token or a code. Only the newest refresh token works, and only once."""
        if headers.get("secret_key") != self._account.app_secret or form.get("app_id") != self._account.app_id:
            raise Rejected(WRONG_SECRET, "Invalid secret key")
        match form.get("grant_type"):
            case "refresh_token" if form.get("refresh_token") == self.refresh_token:
                return self._pair()
            case "refresh_token":
                raise Rejected(SPENT, "Invalid refresh token")
            case "authorization_code":
                self._redeem(form.get("code", ""), form.get("code_verifier", ""))
                return self._pair()
        raise Rejected(WRONG_GRANT, "Invalid grant type")

    def check(self, access_token: str) -> None:
        """Refuses a token that was never given or is over."""
        ends_at = self._ends_at.get(access_token)
        if ends_at is None:
            raise Rejected(UNKNOWN, "Access token is invalid")
        if self._clock.now_s() >= ends_at:
            raise Rejected(STALE, "Access token has expired")

    def _redeem(self, code: str, verifier: str) -> None:
        """Refuses a code that was never given or was used, and a verifier that is not its own."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if self._challenges.pop(code, None) != challenge:
            raise Rejected(WRONG_CODE, "Invalid code or code verifier")

    def _pair(self) -> Json:
        number, self.given = self.given + 1, self.given + 1
        self.access_token, self.refresh_token = f"access-{number}", f"refresh-{number}"
        lifetime_s = self._account.token_lifetime_s
        self._ends_at[self.access_token] = self._clock.now_s() + lifetime_s
        pair = {"access_token": self.access_token, "refresh_token": self.refresh_token}
        return pair | {"expires_in": f"{lifetime_s:g}"}

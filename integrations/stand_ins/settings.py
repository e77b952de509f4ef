"""The settings that reach a stand-in of a portal, by the names of the program's own."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.stand_ins import lgsp, national, portal
from integrations.stand_ins.tokens import CLIENT_ID, CLIENT_SECRET

NAMES = ("city", "national", "lgsp-city", "lgsp-national")


def environment(name: str, address: str) -> Mapping[str, str]:
    """The settings for one of NAMES at an address."""
    own = _city(address) if name.endswith("city") else _national(address)
    if not name.startswith("lgsp-"):
        return own
    token = {f"national_{setting}": value for setting, value in _client(address + lgsp.TOKEN_PATH).items()}
    return own | _keys(name.removeprefix("lgsp-")) | (token if name == "lgsp-national" else {})


def _city(address: str) -> dict[str, str]:
    token = {f"portal_{setting}": value for setting, value in _client(address + portal.TOKEN_PATH).items()}
    return {"portal_url": address, **token}


def _national(address: str) -> dict[str, str]:
    return {
        "national_url": address,
        "national_username": national.USERNAME,
        "national_password": national.PASSWORD,
        "national_unit": national.UNIT,
        "national_dstcode": national.DSTCODE,
    }


def _client(token_url: str) -> dict[str, str]:
    return {"token_url": token_url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


def _keys(behind: str) -> dict[str, str]:
    return {
        "lgsp_in_front_of": behind,
        "lgsp_access_key": lgsp.KEYS["AccessKey"],
        "lgsp_secret_key": lgsp.KEYS["SecretKey"],
        "lgsp_app_name": lgsp.KEYS["AppName"],
        "lgsp_partner_code": lgsp.KEYS["PartnerCode"],
        "lgsp_partner_code_cus": lgsp.KEYS["PartnerCodeCus"],
    }

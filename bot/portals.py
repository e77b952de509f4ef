"""The portals of the settings, each bearable, behind one door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot import second_factor
from bot.errors import BadSettings
from bot.settings import Settings
from integrations import fields
from integrations.bearer import Client
from integrations.city_portal import CityPortal, CitySettings
from integrations.fields import Portals
from integrations.lgsp import Lgsp, LgspKeys
from integrations.national_portal import NationalPortal, NationalSettings
from integrations.portal import Factors, Portal
from integrations.resilient import Patience, Resilient
from integrations.routing import Routing
from integrations.watching import UNWATCHED, Watcher

CITY, NATIONAL = "city", "national"
PORTALS = (CITY, NATIONAL)


def dossiers(settings: Settings, watcher: Watcher = UNWATCHED) -> Routing:
    """Every portal that is set. Raises BadSettings."""
    mapped = mapping(settings)
    patience = Patience(
        at_once=settings.portal_at_once,
        fresh_s=settings.portal_fresh_s,
        stale_s=settings.portal_stale_s,
        failures=settings.portal_failures,
        rest_s=settings.portal_rest_s,
    )
    made = {
        name: Resilient(name, client(name, settings, mapped), patience, watcher=watcher) for name in connected(settings)
    }
    return Routing(made, mapped.routes)


def connected(settings: Settings) -> tuple[str, ...]:
    """The portals that have an address."""
    addresses = {CITY: settings.portal_url, NATIONAL: settings.national_url}
    return tuple(name for name, address in addresses.items() if address)


def client(name: str, settings: Settings, mapped: Portals, **seams: Any) -> Portal:
    """The client of one portal; `seams` are its transport and clock. Raises BadSettings."""
    if name == CITY:
        auth = _gateway(settings, CITY, settings.portal_url)
        return CityPortal(_city(settings), mapped.city, factors(), auth, **seams)
    auth = _gateway(settings, NATIONAL, settings.national_url)
    return NationalPortal(_national(settings), mapped.national, factors(), auth, **seams)


def at_once(settings: Settings) -> int:
    """How many calls may wait for portals."""
    return settings.portal_at_once * len(connected(settings))


def mapping(settings: Settings) -> Portals:
    """Routes, paths and fields. Raises BadSettings."""
    try:
        mapped = fields.load(Path(settings.portals_file) if settings.portals_file else None)
    except (OSError, ValueError) as error:
        raise BadSettings(f"MOT_CUA_PORTALS_FILE: {error}") from error
    if unknown := set(mapped.routes.values()) - set(PORTALS):
        raise BadSettings(
            f"MOT_CUA_PORTALS_FILE: routes lead to {', '.join(PORTALS)}, not {', '.join(sorted(unknown))}"
        )
    return mapped


def factors() -> Factors:
    """What besides the code opens the details: as bot/data/second_factor.yaml says."""
    named = {"identity": ("identity_number",), "phone": ("phone",), "either": ("identity_number", "phone")}
    return Factors(named[second_factor.load().factor], second_factor.DIGITS)


def _city(settings: Settings) -> CitySettings:
    return CitySettings(
        base_url=settings.portal_url,
        client=Client(settings.portal_token_url, settings.portal_client_id, settings.portal_client_secret),
        timeout_s=settings.portal_timeout_s,
    )


def _national(settings: Settings) -> NationalSettings:
    return NationalSettings(
        base_url=settings.national_url,
        username=settings.national_username,
        password=settings.national_password,
        unit=settings.national_unit,
        dstcode=settings.national_dstcode,
        client=_gateway_client(settings),
        timeout_s=settings.portal_timeout_s,
    )


def _gateway(settings: Settings, portal: str, base_url: str) -> Lgsp | None:
    """The gateway's keys, when it stands in front of this portal. Raises BadSettings."""
    behind = settings.lgsp_in_front_of.split()
    if set(behind) - set(PORTALS):
        raise BadSettings(f"MOT_CUA_LGSP_IN_FRONT_OF: names of {', '.join(PORTALS)}")
    if portal not in behind:
        return None
    keys = LgspKeys(
        access_key=settings.lgsp_access_key,
        secret_key=settings.lgsp_secret_key,
        app_name=settings.lgsp_app_name,
        partner_code=settings.lgsp_partner_code,
        partner_code_cus=settings.lgsp_partner_code_cus,
    )
    return Lgsp(keys, base_url)


def _gateway_client(settings: Settings) -> Client | None:
    if not settings.national_token_url:
        return None
    return Client(settings.national_token_url, settings.national_client_id, settings.national_client_secret)

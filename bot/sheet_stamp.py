"""The time of an authority on a signature (RFC 3161): asked for when a sheet is signed, read when one is checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from bot.errors import BotError

Ask = Callable[[bytes], bytes]
# a TimeStampReq to a TimeStampResp, both DER; raises what it likes
ATTRIBUTE = "signature_time_stamp_token"


class NoStamp(BotError):
    """The authority gives no time now."""


def stamper(ask: Ask) -> Any:
    """What pyHanko asks for the time. Raises NoStamp when it is used."""
    from asn1crypto import cms, tsp  # noqa: PLC0415 (who signs nothing need not pay for it)
    from pyhanko.sign.timestamps import TimeStamper  # noqa: PLC0415

    class Stamper(TimeStamper):
        """Over whatever reaches the authority."""

        async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
            """One question."""
            return tsp.TimeStampResp.load(await asyncio.to_thread(ask, req.dump()), strict=True)

        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
            """The token of one answer, which was checked to be for this question."""
            try:
                return await super().async_timestamp(message_digest, md_algorithm)
            except Exception as error:  # a silent, refusing or confused authority: the sheet is signed without it
                raise NoStamp(type(error).__name__) from error

    return Stamper()  # type: ignore[no-untyped-call]


def token(signed: Any) -> Any | None:
    """The time stamp of a signature (its SignedData); None when there is none. Raises ValueError for more than one."""
    attributes = signed["signer_infos"][0]["unsigned_attrs"]
    if not attributes:
        return None
    if len(attributes) != 1 or attributes[0]["type"].native != ATTRIBUTE:
        raise ValueError("something else than a time stamp stands beside the signature")
    if len(attributes[0]["values"]) != 1:
        raise ValueError("more than one time stamp")
    return attributes[0]["values"][0]["content"]


def moment(stamp: Any) -> datetime:
    """The time that a token gives; aware. To be believed once the token was validated."""
    at: datetime = stamp["encap_content_info"]["content"].parsed["gen_time"].native
    return at


def spellings(stamp: Any) -> Iterator[Any]:
    """The attribute that holds a token, as it may be written: bytes that say nothing are not free (RFC 5652, 5.1)."""
    from asn1crypto import algos, cms, core  # noqa: PLC0415

    signer = stamp["signer_infos"][0]
    name, signed_by = signer["digest_algorithm"]["algorithm"].native, signer["signature_algorithm"]
    for digest in ({"algorithm": name}, {"algorithm": name, "parameters": core.Null()}):
        for signature in _algorithms(signed_by, algos.SignedDigestAlgorithm, core.Null()):
            told = cms.SignerInfo(
                {
                    "version": "v1" if signer["sid"].name == "issuer_and_serial_number" else "v3",
                    "sid": signer["sid"],
                    "digest_algorithm": digest,
                    "signature_algorithm": signature,
                    "signed_attrs": signer["signed_attrs"],
                    "signature": signer["signature"],
                }
            )
            parts = {name: stamp[name] for name in ("encap_content_info", "certificates")}
            lists = {"version": "v3", "digest_algorithms": [digest], "signer_infos": [told]}
            whole = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(parts | lists)})
            yield cms.CMSAttributes([cms.CMSAttribute({"type": ATTRIBUTE, "values": [whole]})])


def _algorithms(given: Any, kind: Any, null: Any) -> list[Any]:
    """An algorithm without parameters and with none said; one that has parameters stands as it is."""
    name = given["algorithm"].native
    if name == "rsassa_pss":
        return [given]
    return [kind({"algorithm": name}), kind({"algorithm": name, "parameters": null})]

"""A time stamping authority of the tests: RFC 3161 over HTTP, with a certificate of the tests' own authority."""

from __future__ import annotations

from datetime import datetime

from asn1crypto import keys, tsp, x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from integrations.time_stamps import ANSWERS, ASKS
from tests.sheet_authority import Authority


class TimeAuthority:
    """Says what time it is, or a time that it was told to say."""

    def __init__(self, authority: Authority, at: datetime | None = None) -> None:
        key = rsa.generate_private_key(65537, 2048)
        private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        certificate = authority.for_time(key.public_key()).public_bytes(Encoding.DER)
        self._clock = DummyTimeStamper(
            x509.Certificate.load(certificate), keys.PrivateKeyInfo.load(private), fixed_dt=at
        )
        self.asked = 0

    def answer(self, request: bytes) -> bytes:
        """The answer to one question."""
        self.asked += 1
        return bytes(self._clock.request_tsa_response(tsp.TimeStampReq.load(request)).dump())

    def app(self) -> Starlette:
        """The authority as a web application."""

        async def stamp(request: Request) -> Response:
            assert request.headers["content-type"] == ASKS
            return Response(self.answer(await request.body()), media_type=ANSWERS)

        return Starlette(routes=[Route("/", stamp, methods=["POST"])])

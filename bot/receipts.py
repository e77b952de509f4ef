"""The dossier code on a photo of a receipt; of everything else on a photo nothing is taken over."""

from __future__ import annotations

from datetime import date

from integrations import photos
from integrations.errors import IntegrationError
from nlu import entities


def dossier_code(photo: bytes, on: date) -> str:
    """The first dossier code among the QR codes and barcodes of a photo; "" when there is none.

    An identity card's QR code holds personal numbers: it is read and forgotten here.
    """
    try:
        read = photos.codes(photo)
    except IntegrationError:
        return ""
    found = (entity for text in read for entity in entities.find(text, on) if entity.kind == "dossier_code")
    return next((entity.value for entity in found), "")

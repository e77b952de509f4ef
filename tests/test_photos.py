"""Photos: codes are read, anything that is no photo or would be too much is refused, only a dossier code is taken."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot import receipts
from integrations import photos
from integrations.errors import BadAnswer
from tests.pictures import IDENTITY_CARD, bomb, photo, saved, sheet
from tests.town import DOSSIER_CODE, TODAY

OTHER_CODE = "000.00.01.H29-240115-0001"
ADDRESS = f"https://dichvucong.example/tra-cuu?ma={DOSSIER_CODE}&kenh=qr"


@pytest.mark.parametrize(
    "picture",
    [
        photo(DOSSIER_CODE),
        photo(DOSSIER_CODE, file="JPEG"),
        photo(DOSSIER_CODE, file="WEBP"),
        photo(DOSSIER_CODE, kind="Code128"),
        photo(DOSSIER_CODE, turned=90),
        photo(DOSSIER_CODE, turned=17, blur=1.2, file="JPEG"),
    ],
    ids=["png", "jpeg", "webp", "barcode", "turned", "crooked and blurred"],
)
def test_codes_are_read(picture: bytes) -> None:
    """QR codes and barcodes are read in every usual format, also from a crooked or blurred photo."""
    assert photos.codes(picture) == [DOSSIER_CODE]


def test_a_photo_without_a_code_has_none() -> None:
    """A photo on which there is no code gives no text."""
    assert photos.codes(saved(Image.new("RGB", (400, 300), "white"))) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.4",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        photo(DOSSIER_CODE)[:400],
        photo(DOSSIER_CODE, file="GIF"),
        photo(DOSSIER_CODE, file="TIFF"),
        bytes(photos.LARGEST_BYTES + 1),
        bomb(7_000, 7_000),
        bomb(12_000, 12_000),
        bomb(60_000, 60_000),
    ],
    ids=["empty", "pdf", "svg", "cut off", "gif", "tiff", "too large", "bomb", "greater bomb", "greatest bomb"],
)
def test_anything_else_is_refused(content: bytes) -> None:
    """What is no photo by its own first bytes, is damaged, or would unfold to too many pixels is refused unread."""
    with pytest.raises(BadAnswer):
        photos.codes(content)
    assert receipts.words(content, TODAY) == ""


def test_many_codes_and_long_ones_are_bounded() -> None:
    """No photo gives more texts, or longer ones, than we are willing to look through."""
    sheet = Image.new("L", (2400, 2400), 255)
    for number in range(12):
        small = Image.open(io.BytesIO(photo(f"code {number}"))).crop((100, 70, 400, 370))
        sheet.paste(small, (100 + number % 4 * 500, 100 + number // 4 * 500))
    assert len(photos.codes(saved(sheet))) == photos.MOST_CODES
    assert [len(text) for text in photos.codes(photo("a" * 1000))] == [photos.LONGEST_CODE]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DOSSIER_CODE, DOSSIER_CODE),
        (ADDRESS, DOSSIER_CODE),
        (ADDRESS.replace("-", "%2D"), DOSSIER_CODE),
        (f"https://dichvucong.example/ho-so/{DOSSIER_CODE}/", DOSSIER_CODE),
        (f"Mã hồ sơ:\n{DOSSIER_CODE}", DOSSIER_CODE),
        (f"{DOSSIER_CODE}|NGUYEN THI LAN", DOSSIER_CODE),
        (f"{DOSSIER_CODE};{OTHER_CODE}", f"{DOSSIER_CODE}\n{OTHER_CODE}"),
        (IDENTITY_CARD, "‹số định danh›"),
        ("079203012345", ""),
        ("tel:0903123456", ""),
        ("https://example.org/", ""),
        ("1.004222", ""),
        ("H29.19-991399-0005", ""),
    ],
)
def test_only_dossier_codes_are_taken(text: str, words: str) -> None:
    """Of what a code says only dossier codes come through; of an identity card only that it was one."""
    assert receipts.words(photo(text), TODAY) == words


@pytest.mark.parametrize("kind", ["QRCode", "Code128"])
@pytest.mark.parametrize(("scale", "turned"), [(4, 0), (2, 0), (2, 90), (3, 180), (3, 8)])
def test_codes_are_read_beside_print(kind: str, scale: int, turned: int) -> None:
    """A QR code or barcode on a receipt is read, also when it is small, turned, or stands beside much print."""
    assert receipts.words(sheet((DOSSIER_CODE, kind), scale=scale, turned=turned), TODAY) == DOSSIER_CODE


def test_every_code_of_a_picture_is_taken() -> None:
    """Several receipts on one picture give several codes, each once; an identity card beside them gives nothing."""
    read = receipts.words(
        sheet(
            (DOSSIER_CODE, "QRCode"),
            (OTHER_CODE, "Code128"),
            (DOSSIER_CODE, "Code128"),
            (IDENTITY_CARD, "QRCode"),
        ),
        TODAY,
    )
    assert sorted(read.split("\n")) == sorted([DOSSIER_CODE, OTHER_CODE])

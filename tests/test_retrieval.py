"""Retrieval: the right procedure in a small town, with and without an encoder, and its parts one by one."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from nlu import confidence, encoder
from nlu.accents import Accents
from nlu.classifier import NEUTRAL, Classifier
from nlu.encoder import SIZE, Encoder
from nlu.postings import Postings
from nlu.retrieval import Entry, Retrieval
from nlu.text import phonetic

BIRTH, DEATH, COPY, BARE = "1.000001", "1.000002", "1.000003", "1.000004"
ENTRIES = (
    Entry(BIRTH, "Đăng ký khai sinh", ("làm giấy cho em bé mới đẻ", "register my newborn baby"), local=True),
    Entry(DEATH, "Đăng ký khai tử", ("ông nội vừa mất thì khai báo ở đâu", "my father passed away"), local=True),
    Entry(COPY, "Chứng thực bản sao từ bản chính", ("photo công chứng bằng cấp",), local=True),
    Entry(BARE, "Cấp giấy phép nuôi cá lồng bè", (), local=False),
)


class Letters:
    """A model that knows letters only: texts with the same ones mean the same."""

    def query(self, texts: Sequence[str]) -> np.ndarray:
        """The share of each letter."""
        counts = [[text.lower().count(chr(letter)) for letter in range(97, 123)] for text in texts]
        return np.pad(np.array(counts, dtype=np.float32), ((0, 0), (0, SIZE - 26)))


READER = Encoder(Letters(), np.zeros(SIZE, dtype=np.float32), np.eye(SIZE, dtype=np.float32))


@pytest.mark.parametrize("reader", [None, READER], ids=["words", "meanings"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("em bé mới đẻ thì làm giấy gì", BIRTH),
        ("giay khai xinh cho con", BIRTH),
        ("ông nội em mới mất hôm qua", DEATH),
        ("photo cong chung cai bang", COPY),
        ("xin nuôi cá lồng bè", BARE),
        ("my father passed away yesterday", DEATH),
    ],
)
def test_the_right_procedure_comes_first(reader, text, code):
    """By its examples, without diacritics, misspelt, in English, and without any examples."""
    ranked = Retrieval(ENTRIES, reader).rank(text, confidence.fitted(reader is not None), reader)
    assert ranked[0].code == code
    assert sum(item.confidence for item in ranked) <= 1 + 1e-6


def test_nothing_is_found_for_a_text_that_names_nothing():
    """Aspects and courtesy alone name no procedure."""
    assert Retrieval(ENTRIES).rank("dạ cho hỏi bao nhiêu tiền ạ", confidence.fitted(False)) == ()


def test_an_index_survives_being_stored():
    """Read back, it ranks as before, to the last digit."""
    index = Retrieval(ENTRIES, READER)
    again = pickle.loads(pickle.dumps(index))
    text = "làm khai sinh"
    assert [s.values() for _, s in again.signals(text, READER)] == [s.values() for _, s in index.signals(text, READER)]


def test_postings_give_the_product_of_the_matrix():
    """The same numbers as the sparse product."""
    matrix = csr_matrix(np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]], dtype=np.float32))
    assert Postings(matrix).scores([2, 1], [0.5, 2.0]).tolist() == [1.0, 6.0]


def test_a_class_that_was_not_taught_stays_neutral():
    """Only procedures with questions are learned; the margin of the others says nothing."""
    texts = ["khai sinh em be", "giay khai sinh", "khai tu ong noi", "giay khai tu"]
    margins = Classifier(texts, None, [0, 0, 2, 2], 3).margins("khai tu cho ong noi", None)
    assert margins[1] == NEUTRAL and margins[2] > margins[0]


def test_sounds_alike():
    """Spellings that people mix up become one."""
    assert phonetic("giay khai xinh") == phonetic("giai khai sinh")
    assert phonetic("tra the") == phonetic("cha the")
    assert phonetic("khai sinh") != phonetic("khai tu")


def test_accents_are_put_back_where_none_were_typed():
    """By the words beside each other; a text that has its marks stays as it is."""
    accents = Accents(["đăng ký khai sinh cho con", "làm giấy khai tử", "bán nhà"])
    assert accents.restore("dang ky khai sinh") == "đăng ký khai sinh"
    assert accents.restore("đăng ký khai sinh") == "đăng ký khai sinh"
    assert accents.restore("zalo") == "zalo"


def test_shipped_vectors_are_read_and_others_made(tmp_path, monkeypatch):
    """A text that came with the project is not encoded again; another one is."""
    monkeypatch.setattr(encoder, "SHIPPED", tmp_path / "vectors.npz")
    known = np.zeros((1, SIZE), dtype=np.float32)
    known[0, 5] = 1
    encoder.ship(["đã biết"], known)
    try:
        found = encoder.of(["đã biết", "abc"], READER)
    finally:
        encoder._shipped_places.cache_clear()
        encoder._shipped_vectors.cache_clear()
    assert found[0].argmax() == 5
    assert np.allclose(found[1], READER.encode(["abc"])[0])


def test_an_encoder_that_is_missing_is_none(monkeypatch):
    """The package is optional, and another version of it is not used."""
    monkeypatch.setattr(encoder, "PACKAGE", "no-such-package")
    assert encoder.default.__wrapped__() is None
    monkeypatch.setattr(encoder, "PACKAGE", "numpy")
    assert encoder.default.__wrapped__() is None


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="the encoder is optional outside CI")
def test_the_encoder_is_tested_where_it_can_be_had():
    """In CI the figures are those of the encoder: the same matter in two languages is near, another one is not."""
    reader = encoder.default()
    assert reader is not None
    texts = ["làm giấy khai sinh cho em bé", "register my newborn baby", "sang tên xe máy cũ"]
    baby, infant, car = reader.encode(texts)
    assert baby @ infant > baby @ car

"""One text read quickly gives what scikit-learn gives for it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from nlu import ngrams
from nlu.ngrams import Ngrams
from nlu.postings import Postings
from nlu.softmax import Softmax

LEARNED = [
    "lam khai sinh cho con", "lam giay khai sinh tre", "cap lai can cuoc bi mat", "mat can cuoc lam lai o dau",
    "dang ky ket hon", "ket hon voi nguoi nuoc ngoai", "le phi ket hon la bao nhieu", "khai sinh cho con le phi",
]  # fmt: skip
CLASSES = ["birth", "birth", "card", "card", "marriage", "marriage", "marriage", "birth"]
READ = ["khai sinh cho con trai con gai", "mat can cuoc", "xyz", "", "ket hon ket hon ket hon"]


@pytest.mark.parametrize("text", READ)
def test_the_ngrams_of_one_text_are_those_of_scikit_learn(text: str) -> None:
    """The same columns with the same weights."""
    kind = Ngrams.letters()
    kind.learn(LEARNED)
    plain = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True).fit(LEARNED)
    found, row = kind.of(text), plain.transform([text])
    dense = np.zeros(kind.count)
    dense[found.places] = found.weights
    np.testing.assert_allclose(dense, row.toarray()[0], atol=1e-6)


@pytest.mark.parametrize("text", READ)
def test_the_shares_of_one_text_are_those_of_scikit_learn(text: str) -> None:
    """Logistic regression over two kinds of n-grams and a meaning."""
    kinds, meanings = (Ngrams.letters(), Ngrams.words()), np.eye(8, 4, dtype=np.float32)
    rows = hstack([ngrams.learn(kinds, LEARNED), csr_matrix(meanings)], format="csr")
    meaning = np.array([0.5, 0.5, 0, 0], dtype=np.float32)
    terms = ngrams.of(kinds, text)
    row = np.zeros(rows.shape[1])
    row[terms.places], row[-4:] = terms.weights, meaning
    expected = LogisticRegression(C=20.0, max_iter=400).fit(rows, CLASSES).predict_proba([row])[0]
    taught = Softmax.taught(rows, CLASSES)
    assert taught.classes == ("birth", "card", "marriage")
    np.testing.assert_allclose(taught.shares(terms, meaning), expected, atol=1e-4)


@pytest.mark.parametrize("terms", [[], [0], [2, 0, 1]])
def test_scores_over_postings_are_a_product_of_matrices(terms: list[int]) -> None:
    """Terms that no row holds, and rows that hold no term, included."""
    matrix = np.array([[1, 0, 2, 0], [0, 0, 3, 4], [0, 0, 0, 0]], dtype=np.float32)
    weights = [0.5, 2.0, 1.0][: len(terms)]
    expected = sum((matrix[:, term] * weight for term, weight in zip(terms, weights, strict=True)), np.zeros(3))
    np.testing.assert_allclose(Postings(csr_matrix(matrix)).scores(terms, weights), expected)

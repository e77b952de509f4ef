"""Bundles: one list of papers without repeats, the joint time, one place; and the generated index."""

from datetime import date
from pathlib import Path

from knowledge import bundles, catalogue, indexing

TODAY = date(2026, 11, 21)
CATALOGUE = catalogue.load()
BUNDLES = {bundle.id: bundle for bundle in bundles.load()}


def test_every_code_of_a_bundle_leads_to_a_procedure():
    """A bundle names only procedures of the catalogue."""
    assert bundles.problems(BUNDLES.values(), CATALOGUE) == []


def test_a_baby_is_one_journey():
    """Birth, residence, health card and identity card are filed once, with the joint record's papers and times."""
    found = bundles.journey(BUNDLES["em_be"], CATALOGUE, TODAY)
    assert found.joint is not None and found.joint.code == "3.000722"
    assert found.times == found.joint.times_on(TODAY)
    assert found.receiving_point == found.joint.receiving_point
    assert len(found.parts) == 4


def test_papers_are_listed_once():
    """A paper that several procedures ask for stands once and names them all."""
    found = bundles.journey(BUNDLES["nguoi_than_mat"], CATALOGUE, TODAY)
    names = [needed.document.name.casefold() for needed in found.documents]
    assert len(names) == len(set(names))
    asked = {code for needed in found.documents for code in needed.codes}
    assert asked == {part.code for part in found.parts if part.documents}


def test_what_is_not_known_of_a_journey_is_said():
    """Without a record of the joint procedure there is no joint time or place, and the reason is told."""
    found = bundles.journey(BUNDLES["nguoi_than_mat"], CATALOGUE, TODAY)
    assert found.joint is None and found.times == () and found.receiving_point == ""
    assert found.bundle.open_points


def test_a_bundle_is_found_by_any_of_its_codes():
    """Whoever asks about one part can be told of the journey."""
    assert bundles.containing("1.000656", BUNDLES.values()) is BUNDLES["nguoi_than_mat"]
    assert bundles.containing("3.000722", BUNDLES.values()) is BUNDLES["em_be"]
    assert bundles.containing("2.000815", BUNDLES.values()) is None


def test_the_index_page_is_true():
    """docs/catalogue.md is what `python -m knowledge index` writes today."""
    written = (Path(__file__).parents[1] / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert written == indexing.page(CATALOGUE)

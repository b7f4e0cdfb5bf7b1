"""The README's picture shows what a terminal really shows."""

from pathlib import Path

from support.picture import PICTURE, draw, rehearse, scenes, words


def test_the_picture_has_the_words_of_a_real_rehearsal(tmp_path: Path) -> None:
    shown, fresh = words(PICTURE.read_text(encoding="utf-8")), words(draw(scenes(rehearse(tmp_path))))
    # Two receipts that come at the same instant come in either order.
    assert sorted(shown.split()) == sorted(fresh.split()), "make it anew: python tests/support/picture.py --write"

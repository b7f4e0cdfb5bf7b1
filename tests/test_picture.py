"""The README's picture shows what a terminal really shows."""

from pathlib import Path

from support.picture import PICTURE, draw, rehearse, scenes, words


def test_the_picture_has_the_words_of_a_real_rehearsal(tmp_path: Path) -> None:
    fresh = words(draw(scenes(rehearse(tmp_path))))
    assert words(PICTURE.read_text(encoding="utf-8")) == fresh, "make it anew: python tests/support/picture.py --write"

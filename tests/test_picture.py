"""The README's picture shows what a terminal really shows."""

from pathlib import Path

from support.picture import PICTURE, draw, rehearse, scenes, words


def test_the_picture_has_the_words_of_a_real_rehearsal(tmp_path: Path) -> None:
    shown, fresh = words(PICTURE.read_text(encoding="utf-8")), words(draw(scenes(rehearse(tmp_path))))
    # Two receipts that come at the same instant come in either order.
    assert sorted(shown.split()) == sorted(fresh.split()), "make it anew: python tests/support/picture.py --write"


def test_a_picture_of_another_day_has_the_same_words() -> None:
    one = "<t>due Tue 24 November 2026 00:48:29 GMT · now 00:48:29</text><t>STOOD DOWN 00:56:55 · seal 49fa 55f5</text>"
    other = (
        "<t>due Wed 2 June 2027 23:55:01 BST · now 23:55:01</text><t>STOOD DOWN 3 Jun 00:03:27 · seal abcd 0123</text>"
    )
    assert words(one) == words(other)

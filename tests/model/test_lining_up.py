"""Who is held back for whom: never the slowest, nobody for longer than a server waits or for what is not worth it."""

from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from runbook.model.lining_up import ENOUGH, REMEMBERED, WORTH_IT, Estimate, Timing, estimate, holds

NAMES = st.sampled_from(["press-email", "x", "news", "alternate-site", "mastodon", "by-hand"])
SECONDS = st.floats(0, 3600)
SMALL = st.floats(0, 0.5)
ESTIMATES = st.dictionaries(NAMES, st.none() | st.builds(Estimate, SECONDS, SMALL, st.integers(3, 9), st.just("run")))
EXACT = st.dictionaries(NAMES, st.builds(Estimate, SECONDS, st.just(0.0), st.just(9), st.just("run")), min_size=1)
BOUNDS = st.dictionaries(NAMES, st.floats(0, 60))
TIMINGS = st.lists(st.builds(Timing, st.sampled_from(["a", "b"]), SECONDS, SMALL), max_size=20)
ROUNDING = 1e-9


def timings(*took: float, way: float = 0.0) -> list[Timing]:
    return [Timing(f"run {place}", seconds, way) for place, seconds in enumerate(took)]


@given(ESTIMATES, BOUNDS)
def test_nobody_is_held_for_longer_than_its_server_waits_or_released_early(
    estimates: dict[str, Estimate | None], longest: dict[str, float]
) -> None:
    held = holds(estimates, longest)
    assert held.keys() == estimates.keys()
    assert all(0 <= seconds <= longest.get(name, seconds) for name, seconds in held.items())


@given(ESTIMATES, BOUNDS)
def test_the_slowest_and_whatever_is_not_known_go_at_the_instant(
    estimates: dict[str, Estimate | None], longest: dict[str, float]
) -> None:
    held = holds(estimates, longest)
    most = max((known.seconds for known in estimates.values() if known), default=0.0)
    for name, known in estimates.items():
        if known is None or known.seconds == most:
            assert held[name] == 0.0


@given(EXACT)
def test_exact_estimates_without_a_bound_make_all_count_at_one_instant(estimates: dict[str, Estimate | None]) -> None:
    held = holds(estimates, {})
    counts = [held[name] + known.seconds for name, known in estimates.items() if known]
    assert max(counts) - min(counts) <= WORTH_IT + ROUNDING
    assert max(counts) <= max(known.seconds for known in estimates.values() if known) + ROUNDING


@given(ESTIMATES)
def test_a_hold_is_the_difference_to_the_slowest_and_worth_it(estimates: dict[str, Estimate | None]) -> None:
    slowest = max((known for known in estimates.values() if known), key=lambda known: known.seconds, default=None)
    for name, seconds in holds(estimates, {}).items():
        mine = estimates[name]
        if seconds:
            assert mine is not None
            assert slowest is not None
            assert seconds > WORTH_IT
            assert abs(seconds + mine.seconds - slowest.seconds) <= ROUNDING


def known(seconds: float, spread: float, sendings: int) -> Estimate:
    return Estimate(seconds, spread, sendings, "run")


@given(SECONDS, st.floats(0.02, 10), st.floats(0, 1), st.integers(ENOUGH, REMEMBERED))
def test_a_difference_that_may_be_chance_holds_nobody_and_the_more_sendings_the_less_is_chance(
    seconds: float, apart: float, spread: float, sendings: int
) -> None:
    def held(sendings: int) -> bool:
        two = {"x": known(seconds, spread, sendings), "news": known(seconds + apart, spread, sendings)}
        return holds(two, {})["x"] > 0

    assert held(sendings) or spread > 0.4 * apart
    assert not held(sendings) or held(sendings + 1)
    assert not held(ENOUGH) or spread < 0.5 * apart


def test_the_post_waits_for_the_e_mail_by_what_it_is_quicker() -> None:
    learnt = {"press-email": estimate(timings(0.6, 0.61, 0.6)), "x": estimate(timings(0.35, 0.35, 0.34))}
    assert holds(learnt, {}) == {"press-email": 0.0, "x": 0.25}
    assert holds(learnt, {"x": 0.1}) == {"press-email": 0.0, "x": 0.1}
    assert holds({**learnt, "news": None}, {})["news"] == 0.0
    assert holds({}, {}) == {}


@given(TIMINGS)
def test_there_is_an_estimate_from_enough_timings_on_and_not_before(known: list[Timing]) -> None:
    assert (estimate(known) is None) == (len(known) < ENOUGH)


@given(TIMINGS.filter(lambda known: len(known) >= ENOUGH))
def test_an_estimate_is_told_with_what_it_rests_on(known: list[Timing]) -> None:
    found = estimate(known)
    assert found is not None
    latest = [max(0.0, timing.took - timing.way) for timing in known[:REMEMBERED]]
    assert (found.sendings, found.newest) == (len(latest), known[0].run)
    assert min(latest) <= found.seconds <= max(latest)
    assert 0 <= found.spread <= max(latest) - min(latest)


@given(st.lists(SECONDS, min_size=REMEMBERED, max_size=REMEMBERED), st.data())
def test_one_odd_sending_does_not_move_an_estimate_past_its_neighbours(took: list[float], data: st.DataObject) -> None:
    """The median of nine with one replaced stays between the middle one's neighbours."""
    place, odd = data.draw(st.integers(0, REMEMBERED - 1)), data.draw(SECONDS)
    found = estimate(timings(*took[:place], odd, *took[place + 1 :]))
    assert found is not None
    ordered, middle = sorted(took), REMEMBERED // 2
    assert ordered[middle - 1] <= found.seconds <= ordered[middle + 1]


@given(st.integers(0, 8), st.floats(0, 3600), st.floats(0.1, 2), st.floats(0.001, 0.02))
def test_an_odd_sending_among_nine_even_ones_moves_the_estimate_by_no_more_than_the_spread(
    place: int, odd: float, about: float, step: float
) -> None:
    took = [about + step * n for n in (0, 1, -1, 2, -2, 3, -3, 4, -4)]
    even = estimate(timings(*took))
    moved = estimate(timings(*took[:place], odd, *took[place + 1 :]))
    assert even is not None
    assert moved is not None
    assert abs(moved.seconds - even.seconds) <= even.spread + ROUNDING


@given(TIMINGS.filter(lambda known: len(known) >= ENOUGH), st.randoms(use_true_random=False))
def test_the_order_of_older_timings_does_not_matter(known: list[Timing], random) -> None:
    latest = known[1:REMEMBERED]
    random.shuffle(latest)
    assert estimate([known[0], *latest]) == estimate(known)


@given(TIMINGS.filter(lambda known: len(known) >= REMEMBERED), TIMINGS)
def test_what_is_older_than_what_is_remembered_does_not_matter(known: list[Timing], older: list[Timing]) -> None:
    assert estimate([*known[:REMEMBERED], *older]) == estimate(known[:REMEMBERED])


@given(st.lists(st.tuples(SECONDS, SMALL), min_size=ENOUGH, max_size=REMEMBERED))
def test_the_way_back_is_not_counted(pairs: list[tuple[float, float]]) -> None:
    found = estimate([Timing("r", took, way) for took, way in pairs])
    assert found is not None
    assert found.seconds == median(max(0.0, took - way) for took, way in pairs)

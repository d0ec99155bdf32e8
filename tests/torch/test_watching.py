from runners.tasks.watching import Watch

BEST = (2.0, 4.0, 6.0, 8.0)


def moved(by, noise=(0.0, 0.0, 0.0, 0.0)):
    return tuple(value + by + extra for value, extra in zip(BEST, noise, strict=True))


def test_a_run_ends_after_so_many_validations_that_are_worse_beyond_the_noise():
    watch = Watch(patience=2)
    assert watch.observe(0, moved(1))
    assert watch.observe(10, BEST)
    assert not watch.observe(20, moved(0.3, (0, 0.01, 0, -0.01)))
    assert watch.reason is None
    assert not watch.observe(30, moved(0.4, (0, 0.01, 0, -0.01)))
    assert "2 validations in a row were worse than the best, that of step 10" in watch.reason
    assert "4 pairs compared one by one" in watch.reason


def test_noise_never_ends_a_run():
    watch = Watch(patience=1)
    watch.observe(0, BEST)
    for step in range(1, 30):
        watch.observe(step, moved(0.2, (0.9, -0.8, 0.7, -0.7)))
    assert watch.reason is None


def test_a_validation_that_is_not_worse_resets_the_count():
    watch = Watch(patience=2)
    watch.observe(0, BEST)
    for step in range(1, 10):
        watch.observe(step, moved(0.5) if step % 2 else moved(0.1, (0.5, -0.4, 0.3, -0.3)))
    assert watch.reason is None


def test_without_patience_and_with_a_single_pair_no_run_ends_early():
    never, single = Watch(patience=0), Watch(patience=1)
    for step in range(9):
        never.observe(step, moved(step))
        single.observe(step, (2.0 + step,))
    assert (never.reason, single.reason) == (None, None)
    assert (never.best_step, single.best_step) == (0, 0)


def test_a_validation_that_a_resumed_run_repeats_counts_once():
    watch = Watch(patience=2)
    watch.observe(0, BEST)
    assert not watch.observe(10, moved(0.5))
    resumed = Watch(patience=2)
    resumed.restore(watch.state())
    assert not resumed.observe(10, moved(0.5))
    assert resumed.reason is None
    resumed.observe(20, moved(0.6))
    assert resumed.reason is not None
    assert resumed.observe(0, BEST)

"""Writes mir_eval.json: seeded pairs of beat lists, and what mir_eval makes of them.

Run in an environment with `pip install mir_eval==0.8.2`: `python make.py`.
"""

import json
import pathlib
import warnings

import mir_eval
import numpy as np

warnings.simplefilter("ignore")
random = np.random.default_rng(20)


def song(bpm, seconds=60.0, drift=0.0, start=0.4):
    """Beats whose tempo swings by `drift`."""
    times, now = [], start
    while now < seconds:
        times.append(now)
        now += 60.0 / (bpm * (1.0 + drift * np.sin(now / 7.0)))
    return np.array(times)


def jitter(beats, sigma):
    return np.sort(np.abs(beats + random.normal(0.0, sigma, len(beats))))


def between(beats):
    return 0.5 * (beats[1:] + beats[:-1])


def without(beats, start, end):
    return beats[(beats < start) | (beats > end)]


def pairs():
    plain, swing = song(120.0), song(97.0, drift=0.1)
    yield "same", plain, plain
    yield "drifting, same", swing, swing
    for sigma in (0.005, 0.02, 0.04, 0.08):
        yield f"jitter {sigma}", swing, jitter(swing, sigma)
    for lag in (-0.069, -0.03, 0.05, 0.0699, 0.0701, 0.12):
        yield f"lag {lag}", plain, plain + lag
    yield "off-beat", swing, between(swing)
    yield "double", swing, np.sort(np.concatenate([swing, between(swing)]))
    yield "half, odd", swing, swing[::2]
    yield "half, even", plain, plain[1::2]
    yield "three for two", plain, song(180.0)
    yield "two for three", plain, song(80.0)
    yield "third", plain, plain[::3]
    yield "a section dropped", swing, without(swing, 20.0, 31.0)
    yield "a section without annotation", without(swing, 20.0, 31.0), swing
    yield "level changes", swing, np.concatenate([swing[:40], swing[40::2]])
    yield "half lost", swing, np.sort(random.choice(swing, len(swing) // 2, replace=False))
    yield "extra beats", swing, np.sort(np.concatenate([swing, random.uniform(0, 60, 30)]))
    yield "random", swing, np.sort(random.uniform(0.0, 60.0, 100))
    yield "dense", plain, np.arange(0.0, 60.0, 0.06)
    yield "nothing given", plain, np.array([])
    yield "nothing annotated", np.array([]), plain
    yield "both empty", np.array([]), np.array([])
    yield "all before 5 s", plain[:8], plain[:8]
    yield "one given", plain, np.array([20.4])
    yield "one annotated", np.array([20.4]), plain
    yield "one each", np.array([20.4]), np.array([20.43])
    yield "two each", np.array([20.4, 20.9]), np.array([20.41, 20.93])
    yield "two annotated", np.array([20.4, 20.9]), plain
    yield "three annotated", np.array([20.4, 20.9, 21.4]), plain
    yield "ends only", plain[-2:], plain[-3:]
    yield "repeated times", np.repeat(plain, 2), np.repeat(plain, 2)


def scores(reference, estimated):
    reference = mir_eval.beat.trim_beats(reference)
    estimated = mir_eval.beat.trim_beats(estimated)
    cemgil = mir_eval.beat.cemgil(reference, estimated)
    return {
        "f": mir_eval.beat.f_measure(reference, estimated),
        "onset_f_25": mir_eval.onset.f_measure(reference, estimated, window=0.025)[0],
        "onset_f_50": mir_eval.onset.f_measure(reference, estimated, window=0.05)[0],
        "cemgil": cemgil[0],
        "cemgil_best": cemgil[1],
        **dict(zip(("cml_c", "cml_t", "aml_c", "aml_t"), mir_eval.beat.continuity(reference, estimated))),
    }


cases = []
for name, reference, estimated in pairs():
    # What the file holds is what is scored.
    reference, estimated = np.round(reference, 6), np.round(estimated, 6)
    cases.append(
        {
            "name": name,
            "reference": reference.tolist(),
            "estimated": estimated.tolist(),
            **{key: float(value) for key, value in scores(reference, estimated).items()},
        }
    )
path = pathlib.Path(__file__).with_name("mir_eval.json")
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(f"{len(cases)} cases, mir_eval {mir_eval.__version__}")

"""Writes sklearn.json: seeded truths and guesses of tags, and what scikit-learn makes of them.

Run in an environment with `pip install scikit-learn==1.9.1`: `python make_tags.py`. Where
scikit-learn has a convention for what cannot be measured (a tag that no piece has, a truth that never
varies), the file says null, and the mean over tags leaves the tag out.
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

warnings.simplefilter("ignore")
random = np.random.default_rng(41)


# Genres: one of several classes.


def genre_pairs():
    def noisy(truth, share, classes):
        wrong = random.random(len(truth)) < share
        return np.where(wrong, random.integers(0, classes, len(truth)), truth)

    even = np.repeat(np.arange(10), 12)
    skewed = random.choice(5, 200, p=[0.6, 0.2, 0.1, 0.07, 0.03])
    yield "perfect", 10, even, even
    yield "never right", 10, even, (even + 1) % 10
    for share in (0.1, 0.4, 0.8):
        yield f"even, {share} at random", 10, even, noisy(even, share, 10)
        yield f"skewed, {share} at random", 5, skewed, noisy(skewed, share, 5)
    yield "always the same", 5, skewed, np.zeros_like(skewed)
    yield "a class without pieces", 6, skewed, noisy(skewed, 0.3, 5)
    yield "a class only guessed", 6, skewed, noisy(skewed, 0.3, 6)
    yield "a class never guessed", 5, skewed, np.where(skewed == 3, 0, skewed)
    yield "two classes", 2, even % 2, noisy(even % 2, 0.5, 2)
    yield "one class", 3, np.ones(9, int), np.ones(9, int)
    yield "one class, half right", 3, np.ones(8, int), np.arange(8) % 2
    yield "one piece right", 4, np.array([2]), np.array([2])
    yield "one piece wrong", 4, np.array([2]), np.array([1])


def genre_scores(truth, guess):
    return {
        "accuracy": metrics.accuracy_score(truth, guess),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, guess),
        "macro_f1": metrics.f1_score(truth, guess, average="macro", zero_division=0),
    }


# Instruments: any of several tags.


def label_tables():
    def table(pieces, tags, share):
        return (random.random((pieces, tags)) < share).astype(int)

    def good(truth, noise):
        return truth + random.normal(0.0, noise, truth.shape)

    truth = table(60, 6, 0.3)
    rare = table(80, 8, 0.04)
    yield "perfect", truth, good(truth, 0.01)
    yield "inverted", truth, -good(truth, 0.01)
    for noise in (0.3, 0.8, 2.0):
        yield f"noise {noise}", truth, good(truth, noise)
        yield f"rare, noise {noise}", rare, good(rare, noise)
    yield "random", truth, random.random(truth.shape)
    yield "all tied", truth, np.full(truth.shape, 0.5)
    for digits in (0, 1):
        yield f"ties, {digits} digits", truth, np.round(np.clip(good(truth, 0.4), 0, 1), digits)
        yield f"rare ties, {digits} digits", rare, np.round(np.clip(good(rare, 0.4), 0, 1), digits)
    gone, full = truth.copy(), truth.copy()
    gone[:, 2], full[:, 4] = 0, 1
    yield "a tag without positives", gone, good(gone, 0.5)
    yield "a tag without negatives", full, good(full, 0.5)
    yield "a tag without positives, tied", gone, np.round(good(gone, 0.5))
    yield "scales differ", truth, good(truth, 0.5) * np.array([1, 10, 0.1, 1, 3, 7])
    yield "one tag", truth[:, :1], good(truth[:, :1], 0.6)
    yield "one tag without positives", gone[:, 2:3], good(gone[:, 2:3], 0.6)
    yield "one piece", truth[:1], good(truth[:1], 0.6)
    yield "two pieces", np.array([[1, 0], [0, 1]]), np.array([[0.3, 0.3], [0.3, 0.6]])
    yield "genres, one against the rest", np.eye(5, dtype=int)[random.integers(0, 5, 70)], random.dirichlet(
        np.ones(5), 70
    )


def label_scores(truth, score):
    def area(t, s):
        return metrics.roc_auc_score(t, s) if 0 < t.sum() < t.size else None

    def precision(t, s):
        return metrics.average_precision_score(t, s) if t.any() else None

    scores = {}
    for key, measure, sklearn_measure, usable in (
        ("roc_auc", area, metrics.roc_auc_score, (truth.min(0) == 0) & (truth.max(0) == 1)),
        ("average_precision", precision, metrics.average_precision_score, truth.any(0)),
    ):
        each = [measure(truth[:, tag], score[:, tag]) for tag in range(truth.shape[1])]
        kept = [value for value in each if value is not None]
        scores[f"{key}_each"] = each
        scores[f"{key}_macro"] = float(np.mean(kept)) if kept else None
        scores[f"{key}_micro"] = measure(truth.ravel(), score.ravel())
        if usable.all() and truth.shape[1] > 1:
            # The mean over tags is scikit-learn's own where it has one.
            macro = sklearn_measure(truth, score, average="macro")
            micro = sklearn_measure(truth, score, average="micro")
            assert abs(macro - scores[f"{key}_macro"]) < 1e-12
            assert abs(micro - scores[f"{key}_micro"]) < 1e-12
    return scores


# Valence and arousal: a number.


def number_pairs():
    truth = random.uniform(-1.0, 1.0, 50)
    yield "perfect", truth, truth
    yield "mirrored", truth, -truth
    for noise in (0.05, 0.3, 1.0):
        yield f"noise {noise}", truth, truth + random.normal(0.0, noise, 50)
    yield "shifted", truth, truth + 0.3
    yield "half as wide", truth, truth / 2
    yield "the mean", truth, np.full(50, truth.mean())
    yield "zero", truth, np.zeros(50)
    yield "random", truth, random.uniform(-1.0, 1.0, 50)
    yield "skewed", truth**3, truth
    yield "two", np.array([0.1, 0.4]), np.array([0.2, 0.1])


def number_scores(truth, guess):
    # scikit-learn has no concordance: Lin's formula (1989).
    common = np.cov(truth, guess, bias=True)
    lin = 2 * common[0, 1] / (common[0, 0] + common[1, 1] + (truth.mean() - guess.mean()) ** 2)
    return {"r2": metrics.r2_score(truth, guess), "concordance": lin}


# The confidence of the named genre.


def confidence_pairs():
    for name, bend in (("honest", 1.0), ("boasting", 2.0), ("modest", 0.5)):
        confidence = random.uniform(0.001, 0.999, 400)
        yield name, confidence, (random.random(400) < confidence**bend).astype(int)
    yield "sure and right", np.full(20, 0.95), np.ones(20, int)
    yield "sure and wrong", np.full(20, 0.95), np.zeros(20, int)
    yield "one", np.array([0.42]), np.array([1])


def confidence_scores(confidence, right):
    share, mean = calibration_curve(right, confidence, n_bins=10, strategy="uniform", pos_label=1)
    counts = np.histogram(confidence, bins=np.linspace(0, 1, 11))[0]
    counts = counts[counts > 0]
    return {"error": float((np.abs(share - mean) * counts).sum() / counts.sum())}


def case(kind, name, first, second, scores, **more):
    return {"kind": kind, "name": name, **more, "truth": first.tolist(), "guess": second.tolist(), **scores}


# What the file holds is what is scored.
cases = [
    case("genre", name, truth, guess, genre_scores(truth, guess), classes=classes)
    for name, classes, truth, guess in genre_pairs()
]
for name, truth, score in label_tables():
    score = np.round(score, 6)
    cases.append(case("tags", name, truth, score, label_scores(truth, score)))
for name, truth, guess in number_pairs():
    truth, guess = np.round(truth, 6), np.round(guess, 6)
    cases.append(case("number", name, truth, guess, number_scores(truth, guess)))
for name, confidence, right in confidence_pairs():
    confidence = np.round(confidence, 6)
    cases.append(case("confidence", name, right, confidence, confidence_scores(confidence, right)))
path = pathlib.Path(__file__).with_name("sklearn.json")
path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(f"{len(cases)} cases, scikit-learn {sklearn.__version__}")

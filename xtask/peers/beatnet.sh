#!/usr/bin/env bash
# beatnet-rs over audio files: beatnet.sh OUT FILE...
# ORT_DYLIB_PATH names the ONNX Runtime library.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
shift
mkdir -p "$out"
target=${CARGO_TARGET_DIR:-$here/beatnet/target}
cargo build --quiet --release --manifest-path "$here/beatnet/Cargo.toml" --target-dir "$target"
for file in "$@"; do
    name=$(basename "${file%.*}")
    sox "$file" -t f32 -c 1 -r 44100 - | "$target/release/beatnet" >"$out/.$name.partial"
    mv "$out/.$name.partial" "$out/$name.beats"
done

#!/usr/bin/env bash
# fuzz/run.sh TARGET [RUNS]: runs the target (webhook, media) on RUNS inputs (10,000,000 by default) and prints the
# result. Exits with 1 if an input made it panic or took more than 100 ms of processor time; that input is kept.
#   MAX_LEN  longest input in bytes (4096)
#   JOBS     processes that share the work and their findings (one for each processor)
# Needs stable Rust and a C++ compiler. Writes only to fuzz/target.
set -euo pipefail
target=${1:?webhook or media} runs=${2:-10000000} max_len=${MAX_LEN:-4096} jobs=${JOBS:-$(nproc)}
contract=${CONTRACT_DIR:+$(realpath "$CONTRACT_DIR")}
cd "$(dirname "$0")"
work=$PWD/target/fuzz/$target-$max_len
rm -rf "$work/seeds" "$work/logs"
mkdir -p "$work/seeds" "$work/logs" "$work/corpus" "$work/crashes"

# Names and values that the reader looks for. libFuzzer wants them quoted.
grep -ohE '"[A-Za-z0-9_.@-]{2,40}"' ../crates/whatsapp-events/src/*.rs | tr -d '"' | sort -u >target/words
sed 's/.*/"\\"&\\""/' target/words >target/dictionary

# Bodies of both vendors. Each seed is named by its hash.
for folder in ../tests/payloads "regressions/$target" ${contract:+"$contract"}; do
    [ ! -d "$folder" ] || find "$folder" -type f -size -200k -print0
done | while IFS= read -r -d '' file; do
    cp "$file" "$work/seeds/$(sha1sum <"$file" | cut -c1-40)"
done

# The same coverage as cargo-fuzz, with the passes of stable Rust. The explicit target keeps it out of build scripts.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1" \
    cargo build --quiet --locked --release --target "$host" --target-dir target --bin "$target"

# libFuzzer's limit is wall-clock time, and a busy machine may pause a process, so it only catches inputs that never
# end. The target itself measures processor time.
options=(-runs=$(((runs + jobs - 1) / jobs)) -max_len="$max_len" -timeout=120 -print_final_stats=1 -verbosity=1)
options+=(-dict=target/dictionary -artifact_prefix="$work/crashes/")
# Short inputs come first, unless long ones are asked for.
[ "$max_len" -le 4096 ] || options+=(-len_control=0)
began=$SECONDS pids=()
for ((job = 0; job < jobs; job++)); do
    nice -n 15 "target/$host/release/$target" "${options[@]}" "$work/corpus" "$work/seeds" >"$work/logs/$job" 2>&1 &
    pids+=($!)
done
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT
failed=0
for pid in "${pids[@]}"; do
    wait "$pid" || failed=1
done

awk -v seconds=$((SECONDS - began)) -v target="$target" -v wanted="$runs" '
    /^slowest: / && $2 > slowest { slowest = $2; bytes = $4 }
    / cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:" && $(i + 1) > cov) cov = $(i + 1)
                                          if ($i == "ft:" && $(i + 1) > ft) ft = $(i + 1) } }
    /^stat::number_of_executed_units:/ { units += $2 }
    END { printf "%s: %d executions in %d s, slowest unit %.1f ms (%d bytes), %d edges, %d features\n",
                 target, units, seconds, slowest / 1000, bytes, cov, ft
          exit units < wanted }' "$work"/logs/* || failed=1
if [ "$failed" = 1 ]; then
    grep -hE 'panicked at|ERROR: libFuzzer|Test unit written' -A 1 "$work"/logs/* | head -20 >&2 || true
    echo "$target: FAILED, logs in $work/logs" >&2
fi
exit "$failed"

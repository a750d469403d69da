#!/bin/bash
# Every target, led by coverage, for so many executions each; prints a row for each. Needs a C++ compiler and
# `cargo install cargo-fuzz --locked`; stable Rust will do. See docs/fuzzing.md.
#
#   fuzz/run.sh EXECUTIONS [SEED [TARGET…]]     EXECUTIONS may be a list: request=2000000,hosts=30000000,…
set -euo pipefail
cd "$(dirname "$0")/.."

executions=${1:?how many executions}
seed=${2:-1}
shift $(($# < 2 ? $# : 2))
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo fuzz list)

runs_of() {
    case $executions in
        *=*) tr ',' '\n' <<<"$executions" | sed -n "s/^$1=//p" ;;
        *) echo "$executions" ;;
    esac
}

# What is fuzzed is what is shipped, down to the versions.
cp Cargo.lock fuzz/Cargo.lock
FUZZ_SEED=$seed cargo test --quiet --lib fuzzing::driver::seeds_are_written -- --ignored >&2
cargo fuzz build --sanitizer none >&2
logs=fuzz/artifacts/logs
mkdir -p "$logs"
printf '| target | executions | a second | seconds | seed | inputs kept | findings |\n|---|---|---|---|---|---|---|\n'
for target in "${targets[@]}"; do
    runs=$(runs_of "$target")
    [ -n "$runs" ] || continue
    log=$logs/$target.log
    begun=$SECONDS
    result=none
    cargo fuzz run --sanitizer none "$target" -- -runs="$runs" -seed="$seed" -max_len=8192 -timeout=5 \
        -rss_limit_mb=2048 -print_final_stats=1 >"$log" 2>&1 || result="see $log"
    stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -1; }
    printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$target" "$(stat number_of_executed_units)" \
        "$(stat average_exec_per_sec)" $((SECONDS - begun)) "$seed" "$(ls "fuzz/corpus/$target" | wc -l)" "$result"
done

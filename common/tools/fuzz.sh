#!/bin/sh
# fuzz.sh PROGRAM SECONDS: let libFuzzer try to break it. What reached something
# new is kept in PROGRAM.corpus, where the next run begins.
program=$1
seconds=$2
mkdir -p "$program.corpus"
if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -print_final_stats=1 -artifact_prefix="$program." \
    "$program.corpus" > "$program.log" 2>&1; then
    awk -v name="${program##*/}" '
        / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
        /^stat::number_of_executed_units/ { runs = $2 }
        END { printf "  ok     %-20s %9d inputs, which reached %d places\n", name, runs, edges }
    ' "$program.log"
    exit 0
fi
grep -v -e '^#' -e '^INFO' -e '^stat::' "$program.log" | head -n 40
artifact=$(sed -n 's/.*Test unit written to //p' "$program.log" | tail -n 1)
echo "  FAILED ${program##*/}. See it again:"
echo "    $program $artifact"
exit 1

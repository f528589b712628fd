#!/bin/sh
# run_test.sh PROGRAM: run one test program; its output is shown when it fails.
# Leaves PROGRAM.log, and in PROGRAM.cpu the seconds of processor time it took.
. common/tools/cpu.sh
program=$1
# GLib then takes each block from malloc, where the sanitizers see it.
export G_SLICE=always-malloc
MINE_SAID=1 "$program" > "$program.log" 2>&1 < /dev/null
status=$?
write_cpu "$program.cpu"
if [ $status = 0 ]; then
    count=$(grep -c '^\[       OK \]' "$program.log")
    skipped=$(grep -c '^\[  SKIPPED \] .*[^:]$' "$program.log")
    printf '  ok     %-44s %3d tests %6.2f s%s\n' "${program#build/}" \
        "$count" "$(cat "$program.cpu")" \
        "$([ "$skipped" = 0 ] || echo "  (some skipped)")"
    exit 0
fi
grep -v -e '^\[ RUN      \]' -e '^\[       OK \]' "$program.log"
printf '  FAILED %s (status %d); its whole output: %s.log\n' \
    "${program#build/}" $status "$program"
exit 1

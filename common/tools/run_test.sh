#!/bin/sh
# run_test.sh PROGRAM: run one test program; its output is shown when it fails.
# Leaves PROGRAM.log, and in PROGRAM.cpu the seconds of processor time it took.
program=$1
# GLib then takes each block from malloc, where the sanitizers see it.
export G_SLICE=always-malloc
MINE_SAID=1 "$program" > "$program.log" 2>&1 < /dev/null
status=$?
times > "$program.cpu" # The shell's own, then its children's: user, system.
awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); s += 60 * t[1] + t[2] } }
    END { printf "%.2f\n", s }' "$program.cpu" > "$program.cpu.new"
mv "$program.cpu.new" "$program.cpu"
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

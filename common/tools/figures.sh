#!/bin/sh
# figures.sh BIN PART FIGURE.tsv...: the figures' data, checked.
# Every claim must hold. Data from virtual time must be what the program prints
# now, byte by byte: all of it, or, with PART = K/N, every N-th row.
bin=$1
part=$2
shift 2
"$bin/claims" "$@" || exit 1
for data in "$@"; do
    head -n 1 "$data" | grep -q '^# virtual time' || continue
    name=$(basename "$data" .tsv)
    fresh=$("$bin/measure_${name#*-}" --part="$part") || exit 1
    lost=$(printf '%s\n' "$fresh" | grep -v -x -F -f "$data")
    if [ -n "$lost" ]; then
        echo "$data no longer says what measure_${name#*-} prints, as in:"
        printf '%s\n' "$lost" | head -n 5
        echo "If that was intended: make figures."
        exit 1
    fi
    echo "  ok     $data, rows $part measured again"
done

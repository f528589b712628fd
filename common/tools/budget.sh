#!/bin/sh
# budget.sh BUILD PART...: the processor time each part of the book spent on
# its tests, beside what it may spend. Over budget fails where BUDGET=strict.
build=$1
shift
over=0
previous=
for part in "$@"; do
    case $part in
    common/*) name=common place=$build/common ;;
    *) name=${part#chapters/} name=${name%%/*} place=$build/chapters/$name ;;
    esac
    [ "$name" = "$previous" ] && continue
    previous=$name
    spent=$(find "$place" -name '*.cpu' 2> /dev/null -exec cat {} + |
        awk '{ s += $1 } END { printf "%.1f", s }')
    printf '  %-14s %6s s of processor time, of a budget of 60 s\n' "$name" "$spent"
    awk -v spent="$spent" 'BEGIN { exit spent > 60 }' || over=1
done
echo "  All tests pass."
[ $over = 0 ] || [ "${BUDGET:-}" != strict ] ||
    { echo "  But a part is over its budget."; exit 1; }

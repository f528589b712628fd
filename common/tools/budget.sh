#!/bin/sh
# budget.sh BUILD PART...: the processor time each part of the book spent on
# its tests, beside what it may spend. Over budget fails where BUDGET=strict.
build=$1
shift
over=0
previous=
# spent PLACE...: in seconds.
spent() {
    for place in "$@"; do
        find "$place" -name '*.cpu' -exec cat {} + 2> /dev/null
    done | awk '{ s += $1 } END { printf "%.1f", s }'
}
for part in "$@"; do
    case $part in
    common/course) name=course time=$(spent "$build/common/course") ;;
    common/*)
        rooms=$(ls -d "$build"/common/*/ | grep -v /course/)
        name=common time=$(spent $rooms)
        ;;
    *)
        name=${part#chapters/} name=${name%%/*}
        time=$(spent "$build/chapters/$name" "$build/exercises/$name" \
            "$build/../mistakes/$name")
        ;;
    esac
    [ "$name" = "$previous" ] && continue
    previous=$name
    [ "$name" != common ] || [ -z "${common:-}" ] || continue
    [ "$name" != common ] || common=said
    printf '  %-14s %6s s of processor time, of a budget of 60 s\n' "$name" "$time"
    awk -v spent="$time" 'BEGIN { exit spent > 60 }' || over=1
done
echo "  All tests pass."
[ $over = 0 ] || [ "${BUDGET:-}" != strict ] ||
    { echo "  But a part is over its budget."; exit 1; }

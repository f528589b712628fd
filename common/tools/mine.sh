#!/bin/sh
# mine.sh SOURCE ANSWER OURS OBJECT CC FLAG...: the reader's body of a module, as
# OBJECT. ANSWER is our source, OURS our object. Where his cannot be built, the
# untouched skeleton takes its place, and OBJECT's .log says why. Warnings stay
# warnings, in .warnings. SAID=1: nothing is printed, for somebody else will.
set -u
source=$1 answer=$2 ours=$3 object=$4
shift 4
base=${object%.o}
module=$(basename "$source" .c)
log=$base.log
messages=$base.messages
mkdir -p "$(dirname "$object")"
rm -f "$log" "$object" "$base.d" "$base.warnings"

# What a file includes of the answers, or of other exercises, is not its own.
borrowed() {
    tr ' \\' '\n\n' < "$base.d" | grep -E '(^|/)(solutions|exercises)/[^ ]*\.c$' |
        grep -v -x -F "$source" | head -n 1
}
# A line each. While there are holes, what they will need is not used yet.
warnings() {
    grep -E "^$source:[0-9]+:[0-9]+: .*\[-W[^]]*\]\$" "$messages" |
        grep -v -e '\[-Wunused-function' -e '\[-Wunused-parameter'
}
# The functions that an object offers to others.
offered() {
    nm -P -g --defined-only "$1" | cut -d ' ' -f 1 | grep -v -e '^__odr_asan' | sort
}
check() {
    other=$(borrowed)
    [ -z "$other" ] || echo "$source includes $other; write it yourself."
    offered "$ours" > "$base.ours"
    offered "$object" > "$base.theirs"
    comm -23 "$base.ours" "$base.theirs" |
        sed "s|.*|$source does not define &(), which its header names.|"
    comm -13 "$base.ours" "$base.theirs" |
        sed "s|.*|$source defines &, which its header does not name: say static, or leave it out.|"
    rm -f "$base.ours" "$base.theirs"
}

if [ ! -e "$source" ]; then
    echo "$source is missing. make reset EX=$module lays it out." > "$log"
elif [ ! -f "$source" ] || [ -L "$source" ]; then
    echo "$source is no file. make reset EX=$module lays one out." > "$log"
elif [ "$(stat -c %s "$source")" -gt 1048576 ]; then
    echo "$source is larger than 1 MiB: that is no module of this book." > "$log"
elif (ulimit -t 60 && ulimit -v 4194304 && ulimit -f 131072 &&
    timeout 90 "$@" -MD -MP -MF "$base.d" -c -o "$object" "$source") \
    < /dev/null 2>&1 | { head -c 65536; cat > /dev/null; } > "$messages"
    [ -s "$object" ]
then
    check > "$log" 2>&1
    [ -s "$log" ] || rm -f "$log"
else
    cp "$messages" "$log"
    [ -s "$log" ] || echo "the compiler gave up on $source" > "$log"
fi
if [ -e "$log" ]; then
    if [ -z "${SAID:-}" ]; then
        head -n 40 "$log" >&2
        echo "  $module: yours cannot be built; the untouched skeleton takes its place." >&2
    fi
    awk -f common/tools/skeleton.awk "$answer" > "$base.skeleton.c" &&
        "$@" -c -o "$object" "$base.skeleton.c" || exit 1
    rm -f "$base.d"
elif [ -s "$messages" ]; then
    warnings > "$base.warnings" || rm -f "$base.warnings"
    [ -n "${SAID:-}" ] || head -n 40 "$messages" >&2
fi
rm -f "$messages"

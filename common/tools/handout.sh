#!/bin/sh
# handout.sh OUT BUILD SALT MODULE...: a course without answers, in the new
# directory OUT. In place of the answers stand skeletons, and beside these our
# objects, stripped, so that everything runs; of the known mistakes only their
# signs are left, and the objects of those that are to be broken.
set -eu
out=$1 build=$2 salt=$3
shift 3
complain() {
    echo "handout: $1." >&2
    exit 2
}
[ -n "$out" ] || complain "where to? OUT=dir"
[ ! -e "$out" ] || [ -d "$out" ] || complain "$out is no directory"
[ -z "$(ls -A "$out" 2> /dev/null)" ] || complain "$out is not empty"
mkdir -p "$out"
from=$PWD
to=$(cd "$out" && pwd)
case $to/ in "$from"/build/*) ;; "$from"/*) complain "$out is within the book itself" ;; esac

# What belongs to the book; without git, what is no product of it.
list() {
    git ls-files 2> /dev/null || find . -type f ! -path './build/*' ! -name .progress | cut -c 3-
}
list | grep -v -E -e '^(solutions|\.ci)/' -e '^exercises/[^/]*/[^/]*\.(c|schedule)\.[0-9]+$' |
    tar -cf - -T - | tar -xf - -C "$to"

for module in "$@"; do
    mkdir -p "$to/solutions/${module%/*}"
    kind=c
    [ ! -e "solutions/$module.schedule" ] || kind=schedule
    sh common/tools/skeleton.sh "$module" > "$to/solutions/$module.$kind"
    cp "$to/solutions/$module.$kind" "$to/exercises/$module.$kind"
    [ $kind = schedule ] ||
        strip --strip-debug --discard-all -o "$to/solutions/$module.o" \
            "$build/obj/solutions/$module.o"
    breaks=$(sed -n 's/^Breaks: //p' "exercises/$module.task")
    [ -n "$breaks" ] || continue
    mkdir -p "$to/solutions/$module.wrong"
    for name in $(sed -n 's/^Test: //p' "exercises/$module.task"); do
        strip --strip-debug --discard-all -o "$to/solutions/$module.wrong/$name.o" \
            "$build/mistakes/${module%/*}/$breaks/$name.o"
    done
done
for chapter in $(cd "$to/solutions" && ls -d */); do
    echo "The answers are not in this course: what you find here are skeletons, and
objects of which the book's programs are made until yours take their place." \
        > "$to/solutions/${chapter}README.md"
done
uname -m > "$to/solutions/machine"
[ -z "$salt" ] || echo "$salt" > "$to/exercises/salt"
echo "  The course without answers: $out$([ -z "$salt" ] || echo ", with seeds of its own")"
echo "  It runs on machines like this one: $(uname -m)."

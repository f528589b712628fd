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
from=$(pwd -P)
[ -n "$out" ] || complain "where to? OUT=dir"
to=$(realpath -m -- "$out")
case $to/ in "$from"/build/*) ;; "$from"/*) complain "$out is within the book itself" ;; esac
[ ! -e "$to" ] || [ -d "$to" ] || complain "$out is no directory"
[ -z "$(ls -A "$to" 2> /dev/null)" ] || complain "$out is not empty"

# What belongs to the book; without a repository, what is no product of it. Of a
# repository nothing goes along: its history has the answers.
list() {
    if [ -e .git ]; then
        git -c core.quotepath=off ls-files || complain "git does not say what belongs to the book"
    else
        find . -type f ! -path './.git/*' ! -path './build/*' ! -name .progress | cut -c 3-
    fi
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
list > "$work/all"
grep -v -E -e '^(solutions|\.ci)/' -e '^exercises/[^/]*/[^/]*\.(c|schedule)\.[0-9]+$' \
    "$work/all" > "$work/list"
tar -cf "$work/book.tar" -T "$work/list" || complain "a file of the book is missing"
mkdir -p "$to"
tar -xf "$work/book.tar" -C "$to" --no-same-owner
[ ! -e "$to/.git" ] || complain "a repository went along: do not hand $out out"

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
    printf '# Answers\n\nThey are not in this course: what you find here are skeletons, and
objects of which the programs are made until yours take their place.\n' > "$to/solutions/${chapter}README.md"
done
uname -m > "$to/solutions/machine"
echo '!/solutions/**/*.o' >> "$to/.gitignore"
[ -z "$salt" ] || echo "$salt" > "$to/exercises/salt"
echo "  The course without answers: $out$([ -z "$salt" ] || echo ", with seeds of its own")"
echo "  It runs on machines like this one: $(uname -m)."

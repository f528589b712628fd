#!/bin/sh
# answers.sh: the grader, on what it must know. In a copy of the book, untouched
# skeletons earn nothing, and each test says TODO; the answers in their place earn
# everything, also with other seeds.
set -eu
copy=build/answers
rm -rf "$copy"
mkdir -p "$copy/build"
cp -Rp Makefile common chapters exercises solutions figures "$copy"
cp -Rp build/san "$copy/build" 2> /dev/null || true
cd "$copy"
fail() {
    echo "$1" >&2
    tail -n 60 build/grade.txt >&2
    exit 1
}
make reset EX=all > /dev/null
make grade > build/grade.txt 2>&1 && fail "Untouched skeletons earn full marks:"
if grep -E '^  (PASS|WRONG|CRASH|HANG|FLOOD|LEAK|RACE|BUILD) ' build/grade.txt > /dev/null; then
    fail "An untouched skeleton has another verdict than TODO:"
fi
grep -E '^  TODO ' build/grade.txt > /dev/null || fail "No verdict at all:"
for answer in solutions/*/*.c solutions/*/*.schedule; do
    cp "$answer" "exercises/${answer#solutions/}"
done
for salt in '' one two; do
    make grade SALT=$salt > build/grade.txt 2>&1 || fail "The answers do not earn full marks (SALT=$salt):"
done
echo "  ok     untouched skeletons earn nothing, the answers everything"

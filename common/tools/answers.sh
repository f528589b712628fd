#!/bin/sh
# answers.sh: the grader, on what it must know. In a course without answers
# untouched skeletons earn nothing, and each test says TODO; the answers in their
# place earn everything, also with other seeds.
set -eu
copy=build/answers
rm -rf "$copy"
make handout OUT="$copy" > /dev/null
here=$PWD
cd "$copy"
fail() {
    echo "$1" >&2
    tail -n 60 build/grade.txt >&2
    exit 1
}
mkdir -p build
make grade > build/grade.txt 2>&1 && fail "Untouched skeletons earn full marks:"
if grep -E '^  (PASS|WRONG|CRASH|HANG|FLOOD|LEAK|RACE|BUILD) ' build/grade.txt > /dev/null; then
    fail "An untouched skeleton has another verdict than TODO:"
fi
grep -E '^  TODO ' build/grade.txt > /dev/null || fail "No verdict at all:"
make solution EX=1.0 REALLY=1 > build/grade.txt 2>&1 && fail "An answer is handed out:"
grep -r 'SOLUTION:' exercises solutions > build/grade.txt && fail "An answer is handed out:"
for answer in "$here"/solutions/*/*.c "$here"/solutions/*/*.schedule; do
    cp "$answer" "exercises/${answer#"$here"/solutions/}"
done
for salt in '' one two; do
    make grade SALT=$salt > build/grade.txt 2>&1 || fail "The answers do not earn full marks (SALT=$salt):"
done
echo "  ok     in a course without answers skeletons earn nothing, the answers everything"

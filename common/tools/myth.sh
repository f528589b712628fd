#!/bin/sh
# myth.sh FILE...: a myth, put to the test. It tells the claim, asks what you
# predict, runs the program that decides, and says what is true. From the
# environment: M names the myth, without it all are listed; BIN is the directory
# of the programs; PREDICT answers beforehand.
#
# A file is for people first. A myth is ten entries in this order, then an empty
# line; an indented line goes on with the entry above it, and # is a comment:
#
#     Myth: sent
#     Claim: send returned, so the peer has it.
#     Question: How many messages ..?
#     a: None.
#     b: Some.
#     c: All.
#     Answer: c
#     Program: demo_sent
#     Truth: send() copies into the kernel ..
#     Section: 1.3
#
# Answer: measured leaves it to the program, whose last line then begins with
# "Measured: c". The section is one of the README.md beside the file.
set -eu

complain() {
    echo "myth: $1." >&2
    exit "$2"
}

[ $# -gt 0 ] || complain "this part of the book has no myths" 2

# ---- Reading: each myth becomes a line, its entries separated by tabs. -------

myths=$(awk '
function complain(line, why) {
    printf "%s:%d: %s.\n", file, line, why > "/dev/stderr"
    bad = 1
    exit 1
}
function check(entry, pattern, why) {
    if (value[entry] !~ pattern) complain(place[entry], why)
}
function find_heading(section,   page, line, found) {
    page = file
    sub(/[^\/]*$/, "README.md", page)
    while ((getline line < page) > 0)
        if (index(line, "## " section " ") == 1) found = substr(line, 4)
    close(page)
    if (!found) complain(place["Section"], page " has no section " section)
    return page ", " found
}
function finish(   i, row) {
    if (reached == 0) return
    if (reached < last) complain(before, "after this, " keys[reached + 1] ": is missing")
    check("Myth", "^[a-z]+$", "a name is of letters a to z")
    check("Answer", "^([abc]|measured)$", "the answer is a, b, c or measured")
    check("Program", "^[a-z_0-9]+$", "this is no name of a program")
    if (value["Myth"] in seen) complain(place["Myth"], "there is one of this name already")
    seen[value["Myth"]] = 1
    value["Section"] = find_heading(value["Section"])
    for (i = 1; i <= last; i++) row = row (i > 1 ? "\t" : "") value[keys[i]]
    print row
    reached = 0
}
BEGIN { last = split("Myth Claim Question a b c Answer Program Truth Section", keys) }
FNR == 1 { finish(); file = FILENAME }
/\t/ { complain(FNR, "there is a tab here; indent with spaces") }
/^#/ { next }
/^ *$/ { finish(); next }
/^ / && reached == 0 { complain(FNR, "this goes on with nothing") }
/^ / { sub(/^ +/, ""); value[key] = value[key] " " $0; before = FNR; next }
{
    if (reached == last) complain(FNR, "an empty line should stand before this")
    key = keys[++reached]
    if (index($0, key ": ") != 1) complain(FNR, "here should stand " key ": and a text")
    value[key] = substr($0, length(key) + 3)
    place[key] = before = FNR
}
END { if (!bad) finish() }
' "$@") || exit 1

if [ -z "${M:-}" ]; then
    printf '%s\n' "$myths" | awk -F '\t' '{ printf "  %-10s \"%s\"\n", $1, $2 }'
    printf '\n  make myth M=NAME puts one of them to the test.\n'
    exit 0
fi

names=
tab=$(printf '\t')
while IFS=$tab read -r name claim question a b c answer program truth section; do
    [ "$name" != "$M" ] || break
    names=${names:+$names, }$name
done << END
$myths
END
[ -n "$name" ] || complain "there is no myth \"$M\"; there are $names" 2

# ---- Asking: whoever has no terminal, or just presses Enter, predicts nothing. -

tell() {
    printf '\n%s\n' "$1" | fold -s -w 80 | sed 's/ *$//'
}

predicted=${PREDICT:-}
case $predicted in
[abc] | '') ;;
*) complain "PREDICT is a, b or c, and not \"$predicted\"" 2 ;;
esac
tell "\"$claim\""
tell "$question"
printf '\n  a  %s\n  b  %s\n  c  %s\n' "$a" "$b" "$c"
if [ -z "$predicted" ] && [ -t 0 ]; then
    while printf '\nYour prediction, a, b or c? ' && read -r predicted; do
        case $predicted in [abc] | '') break ;; esac
    done
fi

# ---- Looking. ----------------------------------------------------------------

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT PIPE TERM
printf '\n$ %s\n\n' "$BIN/$program"
{
    timeout --foreground 15 "$BIN/$program" < /dev/null 2>&1 || echo $? > "$dir/failed"
} | tee "$dir/output"
if [ -e "$dir/failed" ]; then
    case $(cat "$dir/failed") in
    124) complain "$program did not decide in 15 seconds" 1 ;;
    *) complain "$program failed (status $(cat "$dir/failed")), and so decided nothing" 1 ;;
    esac
fi
if [ "$answer" = measured ]; then
    answer=$(sed -n '$s/^Measured: \([abc]\).*/\1/p' "$dir/output")
    [ -n "$answer" ] || complain "$program did not say what it measured" 1
fi

# ---- What is true. -----------------------------------------------------------

case $answer in a) seen=$a ;; b) seen=$b ;; c) seen=$c ;; esac
case $predicted in
"$answer") tell "As you predicted: $answer. $seen" ;;
[abc]) tell "You predicted $predicted. It is $answer. $seen" ;;
*) tell "It is $answer. $seen" ;;
esac
tell "$truth"
tell "Read on: $section."

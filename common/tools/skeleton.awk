# skeleton.awk: the skeleton of an exercise, from its answer.
#
# In an answer, what the reader shall write stands between two comments:
#
#     /* SOLUTION: what is to be done, said to the reader */
#     ...
#     /* END SOLUTION: return todo(0); */
#
# In the skeleton stand in its place
#
#     /* TODO: what is to be done, said to the reader */
#     return todo(0);
#
# Both comments may run over several lines; the second may hold nothing. A region
# may be a part of a function, or some functions. Includes that the region alone
# needs go with it: /* SOLUTION: */ without a text leaves nothing behind.
function fail(why) {
    print FILENAME ":" FNR ": " why > "/dev/stderr"
    bad = 1
    exit 1
}
state == "" && /^ *\/\* SOLUTION: *\*\/ *$/ { state = "body"; next }
state == "" && /\/\* SOLUTION: / { sub(/SOLUTION:/, "TODO:"); state = "hint" }
state == "hint" { print; if (/\*\//) state = "body"; next }
/\/\* SOLUTION:/ { fail("SOLUTION within SOLUTION") }
state == "body" && /\/\* END SOLUTION/ {
    match($0, /^ */)
    indent = substr($0, 1, RLENGTH)
    sub(/^ *\/\* END SOLUTION:? */, "")
    state = "code"
}
state == "body" { next }
state == "code" {
    done = sub(/ *\*\/ *$/, "")
    sub(/^ *\*? ?/, "")
    if ($0 != "") print indent $0
    if (done) state = ""
    next
}
/END SOLUTION/ { fail("END SOLUTION without SOLUTION") }
{ print }
END { if (!bad && state != "") fail("SOLUTION without END SOLUTION") }

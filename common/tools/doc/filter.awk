# Doxygen's view of a page (*.md): GitHub's maths, headings and links become
# Doxygen's. Doxygen runs  awk -f common/tools/doc/filter.awk FILE  and reads stdout.
function resolve(target,   path) {              # relative to this file -> relative to the root
    path = folder target
    while (sub(/[^\/]+\/\.\.\//, "", path)) ;
    return path
}
function label(path, anchor) {                  # one name per page or section
    sub(/\/?README\.md$/, "", path)
    gsub(/[^A-Za-z0-9]/, "_", path)
    return (path == "" ? "mainpage" : path) (anchor == "" ? "" : "-" anchor)
}
function slug(s) {                              # GitHub's name for a heading
    s = tolower(s); gsub(/[^a-z0-9 _-]/, "", s); gsub(/ /, "-", s)
    return s
}
function links(s,   out, target, hash) {        # links to other pages and to sources
    while (match(s, /\]\([^)]*\)/)) {
        target = substr(s, RSTART + 2, RLENGTH - 3)
        if (target ~ /\.md(#|$)|^#/) {
            hash = index(target "#", "#")
            target = "@ref " label(hash > 1 ? resolve(substr(target, 1, hash - 1)) : here, substr(target, hash + 1))
        } else if (target ~ /\.[ch]$/)
            target = "@ref " resolve(target)
        out = out substr(s, 1, RSTART - 1) "](" target ")"
        s = substr(s, RSTART + RLENGTH)
    }
    return out s
}
function prose(s,   out, before, t) {           # left to right: maths, `code`, all else
    while (match(s, /\$\$[^$]+\$\$|\$`[^`]+`\$|`[^`]*`|\$[^ $`]\$|\$[^ $`][^$`]*[^ $`]\$/)) {
        t = substr(s, RSTART, RLENGTH)
        before = substr(s, 1, RSTART - 1)
        s = substr(s, RSTART + RLENGTH)
        out = out before
        if (t ~ /^\$\$/) t = "\\f[" substr(t, 3, length(t) - 4) "\\f]"
        else if (t ~ /^\$`/) t = "\\f$" substr(t, 3, length(t) - 4) "\\f$"
        else if (t ~ /^\$/) t = "\\f" substr(t, 1, length(t) - 1) "\\f$"
        out = out t
    }
    return links(out s)
}
function figure(   alt, file) {                 # a figure alone on its line gets its caption
    alt = $0; sub(/^!\[/, "", alt); sub(/\]\([^)]*\)$/, "", alt); gsub(/"/, "\\\"", alt)
    file = $0; sub(/^.*[(\/]/, "", file); sub(/\)$/, "", file)
    print "\\image html " file " \"" alt "\""
}
FNR == 1 {
    here = match(FILENAME, /(chapters|exercises|solutions|common)\/.*\.md$/) ? substr(FILENAME, RSTART) : "README.md"
    folder = here; sub(/[^\/]*\.md$/, "", folder)
}
/^```math *$/             { print "\\f["; fence = "math"; next }
/^```/ && fence == "math" { print "\\f]"; fence = ""; next }
/^ *```/                  { fence = fence ? "" : "code"; print; next }
fence                     { print; next }
/^ *\$\$ *$/              { print (open = !open) ? "\\f[" : "\\f]"; next }
open                      { print; next }
/^# / && !titled++        { print prose($0) " {#" label(here) "}"; next }
/^##+ /                   { h = $0; sub(/^#+ +/, "", h); print prose($0) " {#" label(here, slug(h)) "}"; next }
/^!\[.*\]\(.*\)$/       { figure(); next }
/^\*Figure .*\*$/        { next }               # GitHub's caption; Doxygen has the figure's
                          { print prose($0) }

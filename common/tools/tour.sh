# tour.sh: what a chapter's tour.sh is told with; it begins with
#
#     . common/tools/tour.sh
#
# BIN names the directory of the programs.
set -eu
bold='' plain=''
if [ -t 1 ]; then bold='\033[1m' plain='\033[0m'; fi
title() {
    [ ! -t 1 ] || [ -z "${shown:-}" ] || sleep 2 # Time to look at what stands there.
    shown=yes
    printf "\n$bold%s$plain\n\n" "$1"
}
run() {
    echo "\$ $BIN/$*"
    program=$1
    shift
    timeout --foreground 20 "$BIN/$program" "$@" 2>&1 || echo "(exit status $?)"
}

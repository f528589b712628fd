#!/bin/sh
# doctor.sh GOALS:PACKAGES...: what of this machine the book needs, as "figures:
# gnuplot-nox"; nothing behind the colon: all is there. Says what to install, and
# what else may surprise.
set -u
all= bad=0
row() { printf '  %-22s %s\n' "$1" "$2"; }
echo "What each of the book's commands needs:"
echo
for entry in "$@"; do
    goal=${entry%%:*} lacks=${entry#*:}
    row "make $goal" "${lacks:+lacks }${lacks:-ready}"
    case $goal in demo | grade | test) [ -z "$lacks" ] || bad=1 ;; esac
    for package in $lacks; do
        case " $all " in *" $package "*) ;; *) all="$all $package" ;; esac
    done
done
if [ -n "$all" ]; then
    echo
    echo "This line installs what is missing:"
    echo
    echo "    $([ "$(id -u)" = 0 ] || echo 'sudo ')apt-get install -y --no-install-recommends$all"
    echo
    echo "(Each command also installs its own, as root, or after asking.)"
fi
echo
echo "The machine:"
echo
row "processors" "$(nproc 2> /dev/null || echo unknown)"
row "memory" "$(awk '/^MemAvailable/ { printf "%d MiB free", $2 / 1024 }' /proc/meminfo 2> /dev/null)"
row "room here" "$(df -Pk . 2> /dev/null | awk 'NR == 2 { printf "%d MiB; the builds take up to 500", $4 / 1024 }')"
row "descriptors" "$(ulimit -n) per process$([ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 1024 ] || echo '; some demos want 1024 (ulimit -n)')"
if [ "$(ulimit -v 2> /dev/null || echo unlimited)" != unlimited ]; then
    row "address space" "limited (ulimit -v): programs with sanitizers cannot run, so nothing can be graded"
    bad=1
fi
if unshare -Urpn true 2> /dev/null; then
    row "namespaces" "ready: tests have no network, and leave no process"
else
    row "namespaces" "not allowed here: the grader does without, by limits alone"
fi
[ -w . ] || { row "this directory" "cannot be written to"; bad=1; }
exit $bad

# cpu.sh, to be read by a script: write_cpu FILE writes down the seconds of
# processor time that this shell and its children have used.
write_cpu() {
    times > "$1.new" # The shell's own, then its children's: user, system.
    awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); s += 60 * t[1] + t[2] } }
        END { printf "%.2f\n", s }' "$1.new" > "$1"
    rm "$1.new"
}

# Six servers against the number of their clients: the throughput, and below it
# the delay that one message in a hundred exceeds.
tall = 780
load "common/tools/style.gp"
data = "figures/01-connections.tsv"
models = "iterative fork thread poll epoll uring"
colours = sprintf("%s %s %s %s %s %s", grey, orange, gold, blue, green, pink)
do for [m=1:6] {
    set linetype m linecolor rgb word(colours, m) pointtype 7 pointsize 0.6
}
column_of(m) = 3 * m - 1
# Beside one another, so that one can tell the spreads apart.
beside(clients, m) = clients * 1.035 ** (m - 3.5)

# Where the lines end, in the row of 4096: NaN where a model is left out.
array many[6]
array slow[6]
tallest = 0
do for [m=1:6] {
    stats data index 1 using column_of(m)+2 name "high" nooutput
    tallest = high_max > tallest ? high_max : tallest
    many_max = NaN
    slow_max = NaN
    stats data index 1 every ::6 using column_of(m) name "many" nooutput
    stats data index 2 every ::6 using column_of(m) name "slow" nooutput
    many[m] = many_max
    slow[m] = log10(slow_max)
}
stats data index 0 using 1 name "rate" nooutput

# There stand the names: from the lowest up, each a step above the one before.
array heights[6]
place(ends, step) = "do for [m=1:6] { heights[m] = NaN }; least = 0; do for [turn=1:6] { next = 0; \
    do for [m=1:6] { if (".ends."[m] == ".ends."[m] && heights[m] != heights[m] \
            && (next == 0 || ".ends."[m] < ".ends."[next])) { next = m } }; \
    if (next > 0) { heights[next] = ".ends."[next] < least ? least : ".ends."[next]; \
        least = heights[next] + ".step." } }"

set logscale x 2
set xrange [0.8:5000]
set xtics ("1" 1, "4" 4, "16" 16, "64" 64, "256" 256, "1024" 1024, "4096" 4096)
unset mxtics
set lmargin 11
set rmargin 11
unset key
set multiplot

# ---- Throughput. ----
set tmargin at screen 0.945
set bmargin at screen 0.55
set yrange [0:1.04 * tallest]
set ytics ("0" 0, "100 000" 100000, "200 000" 200000, "300 000" 300000, "400 000" 400000, \
    "500 000" 500000, "600 000" 600000, "800 000" 800000, "1 000 000" 1000000)
set label 20 "Messages a second, all clients sending again as soon as answered" at graph 0, 1.07
eval place("many", "0.055 * tallest")
do for [m=1:6] {
    if (heights[m] == heights[m]) {
        set label m word(models, m) at 5200, heights[m] textcolor rgb word(colours, m)
    }
}
plot for [m=1:6] data index 1 \
         using (beside($1, m)):column_of(m):column_of(m)+1:column_of(m)+2 \
         with yerrorbars linetype m linewidth 1, \
     for [m=1:6] data index 1 using (beside($1, m)):column_of(m) with lines linetype m

# ---- The 99th percentile. ----
unset label
set tmargin at screen 0.45
set bmargin at screen 0.085
set logscale y
set yrange [50:1.5e6]
set ytics ("100 µs" 100, "1 ms" 1000, "10 ms" 10000, "100 ms" 100000, "1 s" 1000000)
set xlabel "Clients"
set label 20 sprintf("99th percentile of the delay, at %.0f messages a second in all", rate_max) at graph 0, 1.075
eval place("slow", "0.2")
do for [m=1:6] {
    if (heights[m] == heights[m]) {
        set label m word(models, m) at 5200, 10 ** heights[m] textcolor rgb word(colours, m)
    }
}
plot for [m=1:6] data index 2 \
         using (beside($1, m)):column_of(m):column_of(m)+1:column_of(m)+2 \
         with yerrorbars linetype m linewidth 1, \
     for [m=1:6] data index 2 using (beside($1, m)):column_of(m) with lines linetype m, \
     data index 2 using ($1 == 64 ? $1 : NaN):20:("never answered: as long as the run") \
         with labels offset 0,0.9 textcolor rgb grey
unset multiplot

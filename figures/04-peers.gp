# Queues beside ours, by what a confirm says: messages a second, and processor time
# for a message.
wide = 780
tall = 560
load "common/tools/style.gp"
data = "figures/04-peers.tsv"
band = "#EEF4F9"
# A row for each, from the top down; a gap and a heading before each guarantee.
y(row, guarantee) = -(row + 1.25 * guarantee)
is(pairs, size) = column(4) == pairs && column(5) == size
shift(pairs, size) = (size == 100 ? 0.21 : -0.07) - (pairs == 1 ? 0 : 0.14)
at(pairs, size) = is(pairs, size) ? y(column(2), column(3)) + shift(pairs, size) : NaN
set linetype 1 linecolor rgb blue   linewidth 1 pointtype 6 pointsize 0.75
set linetype 2 linecolor rgb blue   linewidth 1 pointtype 7 pointsize 0.75
set linetype 3 linecolor rgb orange linewidth 1 pointtype 4 pointsize 0.7
set linetype 4 linecolor rgb orange linewidth 1 pointtype 5 pointsize 0.7
set multiplot
set tmargin at screen 0.93
set bmargin at screen 0.155
set yrange [-14.1:1.35]
set logscale x
unset mxtics
unset mytics
set grid noytics
set style textbox noborder
heads = "synced|written|memory"
do for [g=0:2] {
    set object g+1 rectangle from graph 0, first y(g == 0 ? 0 : g == 1 ? 6 : 8, g) - 0.45 \
        to graph 1, first y(g == 0 ? 0 : g == 1 ? 6 : 8, g) + 0.45 fillcolor rgb band fillstyle solid noborder behind noclip
}

# ---- Messages. ----
set lmargin at screen 0.215
set rmargin at screen 0.605
set title "Messages a second" offset 0, -0.5
set xrange [2:1.5e6]
set xtics ("10" 10, "100" 100, "1000" 1000, "10^{4}" 1e4, "10^{5}" 1e5, "10^{6}" 1e6)
set ytics scale 0 format ""
set label 1 "Synced before the confirm" at graph 0.01, first y(0, 0) + 0.85 textcolor rgb grey
set label 2 "Written before the confirm" at graph 0.01, first y(6, 1) + 0.85 textcolor rgb grey
set label 3 "In memory alone" at graph 0.01, first y(8, 2) + 0.85 textcolor rgb grey
set key at screen 0.97, 0.085 right top vertical samplen 1 width 1 maxrows 2
plot for [pairs in "1 8"] for [size in "100 1024"] data \
         using 6:(at(pairs, size)):7:8 with xerrorbars \
         linetype (size == 100 ? 1 : 3) + (pairs == 8) \
         title sprintf("%s, %s", size == 100 ? "100 bytes" : "1 KiB", \
                       pairs == 1 ? "1 producer, 1 consumer" : "8 and 8"), \
     data using (2):(is(1, 100) ? y($2, $3) : NaN):1 with labels right offset -0.5,0 textcolor rgb ink

# ---- Processor time. ----
unset label
unset key
set lmargin at screen 0.64
set rmargin at screen 0.985
set title "The server's time for a message" offset 0, -0.5
set xrange [0.7:3e4]
set xtics ("1 µs" 1, "10 µs" 10, "100 µs" 100, "1 ms" 1000, "10 ms" 1e4)
plot for [pairs in "1 8"] for [size in "100 1024"] data \
         using 11:(at(pairs, size)) with points \
         linetype (size == 100 ? 1 : 3) + (pairs == 8)
unset multiplot

# Throughput against the window, under its bound; and what one command takes.
wide = 780
tall = 400
load "common/tools/style.gp"
data = "figures/02-window.tsv"
set multiplot
set tmargin at screen 0.89
set bmargin at screen 0.145
set logscale xy
set xlabel "Commands under way, W" offset 0, 0.2
set xrange [0.9:300]
set xtics ("1" 1, "4" 4, "16" 16, "64" 64, "256" 256)
set mxtics 1
R = 0.0105; C = 2000.0

# ---- The rate. ----
set lmargin at screen 0.085
set rmargin at screen 0.505
set title "Commands a second" offset 0, -0.4
set yrange [70:5000]
set ytics ("100" 100, "200" 200, "500" 500, "1000" 1000, "2000" 2000)
set key at graph 0.03, 0.985
set label 1 "W / R" at 4.6, 640 right textcolor rgb "#555555"
set label 2 "capacity 1 / s" at 250, 2350 right textcolor rgb "#555555"
min(a, b) = a < b ? a : b
plot min(x / R, C) with lines linecolor rgb grey linewidth 1.6 title "bound", \
     data using 1:3 with lines linetype 10 title "model", \
     data using 1:2 with points linetype 1 title "measured"

# ---- What one takes. ----
unset label
set lmargin at screen 0.585
set rmargin at screen 0.985
set title "What one command takes, ms" offset 0, -0.4
set yrange [7:170]
set ytics ("10" 10, "20" 20, "50" 50, "100" 100)
unset key
set label 3 "no load: R" at 1.1, 8.6 textcolor rgb "#555555"
set label 4 "all wait: W s" at 56, 40 right textcolor rgb "#555555"
max(a, b) = a > b ? a : b
plot max(1000 * R, 1000 * x / C) with lines linecolor rgb grey linewidth 1.6, \
     data using 1:(1000 * $1 / $3) with lines linetype 10, \
     data using 1:5 with points linetype 1
unset multiplot

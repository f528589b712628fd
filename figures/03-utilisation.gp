# What share of a long line three protocols use, against loss; and how far beyond
# the oldest hole selective repeat must be able to send.
wide = 820
tall = 430
load "common/tools/style.gp"
dark = "#00543D"; light = "#7CCFB6"
data = "figures/03-utilisation.tsv"
set multiplot
set tmargin at screen 0.90
set bmargin at screen 0.135

# ---- Against loss. ----
set lmargin at screen 0.085
set rmargin at screen 0.515
set title "Share of the line that brings something new" offset 0, -0.3
set logscale xy
set xlabel "Loss, p" offset 0, 0.2
set xrange [0.0008:0.125]
set yrange [0.003:2]
set xtics ("0.1 %%" 0.001, "" 0.002 1, "" 0.005 1, "1 %%" 0.01, "" 0.02 1, "" 0.05 1, "10 %%" 0.1)
set ytics ("0.5 %%" 0.005, "1 %%" 0.01, "2 %%" 0.02, "5 %%" 0.05, "10 %%" 0.1, "20 %%" 0.2, "50 %%" 0.5, "100 %%" 1)
unset mytics
set key at graph 0.02, 0.37
set label 1 "selective repeat, W = 4 N" at 0.00095, 1.35 textcolor rgb green
set label 2 "W = N" at 0.105, 0.52 right textcolor rgb light
set label 3 "Go-Back-N" at 0.0052, 0.17 right textcolor rgb orange
set label 4 "stop-and-wait" at 0.00095, 0.0063 textcolor rgb blue
plot data index 0 using 1:2 with lines linetype 10 title "models", \
     "" index 0 using 1:4 with lines linecolor rgb grey linewidth 1.6 title "Go-Back-N, in books", \
     "" index 0 using 1:5 with lines linetype 10, \
     "" index 0 using 1:7 with lines linetype 10, \
     "" index 0 using 1:9 with lines linetype 10, \
     "" index 0 using 1:3 with points linetype 1, \
     "" index 0 using 1:6 with points linetype 2, \
     "" index 0 using 1:8 with points linetype 4 linecolor rgb light, \
     "" index 0 using 1:10 with points linetype 3

# ---- Against the window. ----
unset label
unset logscale
set lmargin at screen 0.605
set rmargin at screen 0.985
set title "Selective repeat: share of 1 − p" offset 0, -0.3
set xlabel "Window W, in round trips of the line, N" offset 0, 0.2
set xrange [0:6.3]
set xtics 0, 1, 6
set yrange [0:1.06]
set ytics ("0" 0, "20 %%" 0.2, "40 %%" 0.4, "60 %%" 0.6, "80 %%" 0.8, "100 %%" 1)
unset mxtics
set key at graph 0.98, 0.04 bottom right
min(a, b) = a < b ? a : b
plot min(x, 1) with lines linecolor rgb grey linewidth 1.6 title "bound", \
     for [p in "0.01 0.05 0.10"] data index 1 using 2:($1 == p ? $3 / (1 - $1) : 1/0) \
         with lines linetype 10 notitle, \
     data index 1 using 2:($1 == 0.01 ? $4 / (1 - $1) : 1/0) with points linetype 1 linecolor rgb dark title "p = 1 %", \
     data index 1 using 2:($1 == 0.05 ? $4 / (1 - $1) : 1/0) with points linetype 2 linecolor rgb green title "5 %", \
     data index 1 using 2:($1 == 0.10 ? $4 / (1 - $1) : 1/0) with points linetype 3 linecolor rgb light title "10 %"
unset multiplot

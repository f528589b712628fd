# The 40 ms stair: requests in two writes, with Nagle's algorithm, over the
# model. At its foot lie the two cures; the right panel enlarges them.
tall = 420
load "common/tools/style.gp"
data = "figures/01-nagle.tsv"
faint_blue = "#D3E7F3"; faint_green = "#CDEBE1"; faint_orange = "#F8D9C6"
set multiplot
set xlabel "Exchanges done"
set xrange [0:31]
set xtics 0, 5

set lmargin at screen 0.12
set rmargin at screen 0.57
set ylabel "Milliseconds since the first began"
set yrange [0:1400]
set ytics 0, 200
set arrow 1 from 20, 95 to 20, 22 head filled size 0.5,18,60 linecolor rgb grey linewidth 1.2
set label 1 "both cures, enlarged at right" at 20, 125 center font ",11.5" textcolor rgb "#555555"
set label 2 "shaded: the least to the most of 9 runs" at 1.7, 1105 left font ",11.5" textcolor rgb "#555555"
plot data using 1:4:5 with filledcurves linecolor rgb faint_orange, \
     "" using 1:6 with lines linetype 1, \
     "" using 1:9 with lines linetype 3, \
     "" using 1:3 with steps linetype 2 linewidth 1.8 title "two writes", \
     "" using 1:2 with lines linetype 10 title "model  40 ms and a tick each"
unset arrow
unset label

set lmargin at screen 0.68
set rmargin at screen 0.98
set ylabel "Microseconds"
set yrange [0:*]
set ytics auto
set key reverse
plot data using 1:(1000*$7):(1000*$8) with filledcurves linecolor rgb faint_blue, \
     "" using 1:(1000*$10):(1000*$11) with filledcurves linecolor rgb faint_green, \
     "" using 1:(1000*$6) with linespoints linetype 1 linewidth 1.4 pointinterval 2 title "TCP\\_NODELAY", \
     "" using 1:(1000*$9) with linespoints linetype 3 linewidth 1.4 pointinterval 2 title "one write"
unset multiplot

# The wait for an ack, when the path becomes twice as long, and when it trembles.
wide = 820
tall = 400
load "common/tools/style.gp"
data = "figures/03-rto.tsv"
stats data index 2 using 4 name "vain" nooutput
set multiplot
set tmargin at screen 0.89
set bmargin at screen 0.145
unset mxtics
unset mytics

# ---- A step. ----
set lmargin at screen 0.075
set rmargin at screen 0.475
set title "The path becomes twice as long" offset 0, -0.3
set xlabel "Packets since then" offset 0, 0.2
set xrange [-10.5:40.5]
set xtics -10, 10, 40
set yrange [0:490]
set ytics 0, 100
set label 1 "ms" at graph -0.03, 1.05 right
set key at graph 0.985, 0.985 top right spacing 1.1
set label 2 "fires in vain" at 2.2, 62 textcolor rgb orange
set arrow 1 from 5, 74 to 1.5, 95 head filled size 1.2,18 linecolor rgb orange linewidth 1.2
plot data index 0 using 1:6 with lines linetype 3 title "wait: RTO", \
     "" index 0 using 1:2 with points linecolor rgb grey pointtype 7 pointsize 0.4 title "round trip", \
     "" index 0 using 1:3 with points linetype 1 pointsize 0.55 title "mean: SRTT", \
     "" index 0 using 1:4 with lines linetype 10 title "model of SRTT", \
     "" index 0 using ($7 > 0 ? $1 : 1/0):6 with points linetype 2 pointtype 6 pointsize 1.5 linewidth 2

# ---- A path that trembles. ----
unset arrow
set lmargin at screen 0.565
set rmargin at screen 0.985
set title "The path trembles" offset 0, -0.3
set xlabel "Packets" offset 0, 0.2
set xrange [0:300]
set xtics 0, 100
set yrange [60:185]
set ytics 60, 20
unset key
set label 2 sprintf("fires in vain: %.1f of 1000 packets", 1000 * vain_mean) at 294, 70 right
set label 3 "RTO" at 8, 176 textcolor rgb green
set label 4 "dashed: m + 3.30 s" at 294, 176 right
plot data index 1 using 1:2 with points linecolor rgb grey pointtype 7 pointsize 0.35, \
     "" index 1 using 1:3 with lines linetype 3 linewidth 1.6, \
     133 with lines linetype 10, \
     data index 1 using ($4 > 0 ? $1 : 1/0):2 with points linetype 2 pointtype 6 pointsize 1.5 linewidth 2
unset multiplot

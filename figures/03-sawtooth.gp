# The window of NewReno, and of CUBIC, behind one queue; over how they say that
# they grow.
wide = 760
tall = 560
load "common/tools/style.gp"
data = "figures/03-sawtooth.tsv"
line = 172.7; queue = 86.3
stats data index 1 using 4 name "cubic" nooutput
top = cubic_max > 330 ? 1.04 * cubic_max : 345
set multiplot
set lmargin 9
set rmargin 3
set xrange [0:80]
set xtics 0, 10
unset mxtics
set yrange [0:top]
set ytics 0, 100, 400
unset mytics
set object 1 rectangle from 0, 0 to 80, line behind fillcolor rgb "#EEF3F6" fillstyle solid 1 noborder
set arrow 1 from 0, line + queue to 80, line + queue nohead back linecolor rgb grey linewidth 1.4
set arrow 2 from 0, line to 80, line nohead back linecolor rgb grey linewidth 1.4

set tmargin at screen 0.985
set bmargin at screen 0.56
set format x ""
set ylabel "Window, segments"
set key at graph 0.995, 0.985 top right
set label 1 "NewReno" at 13, 0.88 * top font ",14" textcolor rgb blue
set label 4 "slow start" at 1.8, 0.88 * top font ",11.5" textcolor rgb "#555555"
set label 2 "the queue is full" at 30, line + queue + 0.045 * top font ",11.5" textcolor rgb "#555555"
set label 3 "below this the link stands idle" at 79.5, line - 150 right font ",11.5" textcolor rgb "#555555"
plot data index 1 using 1:2 with lines linetype 1 linewidth 3.2 title "measured", \
     "" index 1 using 1:3 with lines linetype 10 title "model"

set tmargin at screen 0.525
set bmargin at screen 0.105
set format x "%g"
set xlabel "Seconds" offset 0, 0.3
unset key
set label 1 "CUBIC" at 13, 0.88 * top font ",14" textcolor rgb orange
unset label 2
unset label 3
plot data index 1 using 1:4 with lines linetype 2 linewidth 3.2, \
     "" index 1 using 1:5 with lines linetype 10
unset multiplot

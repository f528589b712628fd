# Little's law, measured at three boundaries, under nine kinds of load.
wide = 720
tall = 440
load "common/tools/style.gp"
data = "figures/04-little.tsv"
set logscale xy
set xrange [0.01:50]
set yrange [0.01:50]
set xtics ("0.01" 0.01, "0.1" 0.1, "1" 1, "10" 10)
set ytics ("0.01" 0.01, "0.1" 0.1, "1" 1, "10" 10)
set xlabel "λW: arrivals a unit of work, times how long each stays" offset 0, 0.2
set title "How many there are (L), counted" offset 0, -0.3
set key top left
set label 1 "L = λW" at 0.055, 0.033 rotate by 28 textcolor rgb ink
at(where, y) = stringcolumn(1) eq where ? y : 1/0
plot x with lines linetype 10 notitle, \
     data using 8:(at("waiting", $5)) with points linetype 2 pointsize 1.1 title "round those that wait", \
     "" using 8:(at("in work", $5)) with points linetype 3 pointsize 1.2 title "round those in work", \
     "" using 8:(at("whole", $5)) with points linetype 1 pointtype 6 pointsize 1.3 title "round both"

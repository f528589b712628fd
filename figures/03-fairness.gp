# Jain's index of what arrives in each second, of two flows and of eight.
load "common/tools/style.gp"
data = "figures/03-fairness.tsv"
faint_blue = "#D3E7F3"; faint_orange = "#F8D9C6"
set xlabel "Seconds since the others joined the one that had the link"
set ylabel "Jain's index of each second"
set xrange [0:20]
set yrange [0:1.05]
set ytics 0, 0.2, 1
unset mxtics
unset mytics
set key at graph 0.985, 0.34 top right
plot data index 0 using ($1 == 8 ? $2 - 0.5 : 1/0):5:6 with filledcurves linecolor rgb faint_orange, \
     "" index 0 using ($1 == 2 ? $2 - 0.5 : 1/0):5:6 with filledcurves linecolor rgb faint_blue, \
     "" index 0 using ($1 == 2 ? $2 - 0.5 : 1/0):3 with lines linetype 10 title "model: all lose at once", \
     "" index 0 using ($1 == 8 ? $2 - 0.5 : 1/0):3 with lines linetype 10, \
     "" index 0 using ($1 == 2 ? $2 - 0.5 : 1/0):4 with linespoints linetype 1 title "two flows", \
     "" index 0 using ($1 == 8 ? $2 - 0.5 : 1/0):4 with linespoints linetype 2 title "eight flows"

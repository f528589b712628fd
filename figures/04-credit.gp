# How busy workers are, against their credit, under a bound.
load "common/tools/style.gp"
data = "figures/04-credit.tsv"
set logscale x 2
set xlabel "Credit of each worker, P"
set ylabel "Share of the workers’ time"
set xrange [0.93:52]
set yrange [0:1.09]
set xtics (1, 2, 3, 4, 6, 8, 11, 16, 24, 32, 48)
unset mxtics
set ytics ("0" 0, "20 %%" 0.2, "40 %%" 0.4, "60 %%" 0.6, "80 %%" 0.8, "100 %%" 1)
set key bottom right
set label 1 "R = 2 S" at 2.0, 0.82 right textcolor rgb ink
set label 2 "R = 10 S" at 6.0, 0.62 right textcolor rgb ink
plot for [t in "2 10"] data using ($1 == t ? $2 : NaN):3 with lines linecolor rgb grey linewidth 1.6 title (t == 2 ? "bound  min(1, P S / (R + S))" : ""), \
     for [t in "2 10"] data using ($1 == t ? $2 : NaN):4 with lines linetype 10 title (t == 2 ? "model" : ""), \
     for [t in "2 10"] data using ($1 == t ? $2 : NaN):5 with points linetype 1 title (t == 2 ? "a grant for each" : ""), \
     for [t in "2 10"] data using ($1 == t ? $2 : NaN):6 with points linetype 2 title (t == 2 ? "for half a window" : "")

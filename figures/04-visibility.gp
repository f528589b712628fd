# How often a lease was too short, against how long it is.
load "common/tools/style.gp"
data = "figures/04-visibility.tsv"
set logscale y
set xlabel "Visibility time-out V, in mean times of work"
set ylabel "Deliveries whose lease ended before the work"
set xrange [0:7.3]
set yrange [0.0015:1.4]
set xtics 0, 1, 7
set ytics ("0.2 %%" 0.002, "0.5 %%" 0.005, "1 %%" 0.01, "2 %%" 0.02, "5 %%" 0.05, "10 %%" 0.1, "20 %%" 0.2, "50 %%" 0.5, "100 %%" 1)
unset mxtics
unset mytics
set key bottom left
set label 1 "e^{-{/Symbol m}V}" at 2.62, 0.055 right textcolor rgb ink
plot exp(-x) with lines linetype 10 title "models", \
     exp(-x) * (1 + x) with lines linetype 10, \
     exp(-x) * (1 + x + x**2 / 2 + x**3 / 6) with lines linetype 10, \
     data using ($2 == 4 ? $1 : NaN):4 with points linetype 3 title "4 at a worker", \
     data using ($2 == 2 ? $1 : NaN):4 with points linetype 2 title "2 at a worker", \
     data using ($2 == 1 ? $1 : NaN):4 with points linetype 1 title "1 at a worker"

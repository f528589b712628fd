# How many times a call is sent: measured over the geometric sum.
load "common/tools/style.gp"
set xlabel "Chance that a try fails, p"
set ylabel "Requests sent for one call"
set xrange [0:0.9]
set yrange [0:6]
set key top left
model(p, k) = (1 - p**(k + 1)) / (1 - p)
set samples 200
plot model(x, 1) with lines linetype 10 title "model  (1 - p^{k+1}) / (1 - p)", \
     model(x, 2) with lines linetype 10 notitle, \
     model(x, 4) with lines linetype 10 notitle, \
     model(x, 8) with lines linetype 10 notitle, \
     for [k in "8 4 2 1"] "figures/02-amplification.tsv" \
         using ($2 == k ? $1 : NaN):4:5:6 with yerrorbars \
         linetype (k == 8 ? 1 : k == 4 ? 2 : k == 2 ? 3 : 4) linewidth 1.4 \
         title sprintf("measured, at most %s more %s", k, k == 1 ? "try" : "tries")

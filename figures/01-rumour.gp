# How long a rumour takes: measured over the Reed-Frost chain.
load "common/tools/style.gp"
set xlabel "Share of messages lost"
set ylabel "Periods until all five nodes know"
set xrange [0:0.95]
set yrange [0:9]
plot "figures/01-rumour.tsv" using 1:2 with lines linetype 10 \
         title "model  Reed-Frost chain", \
     "" using 1:3:4:5 with yerrorbars linetype 1 linewidth 1.4 \
         title "measured, 95 % interval of 2000 runs"

# Goodput over offered load: what retries do to a server, and what helps.
load "common/tools/style.gp"
set xlabel "Offered: calls over what the server can serve"
set ylabel "Goodput: answered in time, over the same"
set xrange [0:2.2]
set yrange [0:1.08]
set key at graph 1.0, 0.85 top right samplen 2 width -3
plot "figures/02-storm.tsv" using 1:2 with lines linetype 10 \
         title "model  min(offered, 1)", \
     "" using 1:3 with linespoints linetype 1 title "one try", \
     "" using 1:4 with linespoints linetype 2 title "tries again each 100 ms", \
     "" using 1:5 with points linetype 3 title "backs off", \
     "" using 1:6 with linespoints linetype 4 title "and calls have keys", \
     "" using 1:7 with linespoints linetype 5 title "and the hopeless are dropped"

# The caller's wait by call and by message, while the worker is slow.
load "common/tools/style.gp"
set xlabel "The job comes after (seconds)"
set ylabel "The caller waits (ms)"
set logscale y
set yrange [1:30000]
set xrange [0:5]
set key top right samplen 2
plot "figures/04-handover.tsv" using 1:2 with lines linetype 10 \
         title "model  Lindley's recursion", \
     "" using 1:3 with points linetype 1 title "by call: until it is done", \
     "" using 1:4 with linespoints linetype 2 title "by message: until it is kept", \
     "" using 1:5 with points linetype 3 title "and until it is done"

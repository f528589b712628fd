# Time in a queue and in work, over the load: M/M/1 and M/D/1.
wide = 720
tall = 440
load "common/tools/style.gp"
data = "figures/04-waiting.tsv"
set xrange [0:1]
set yrange [0:22]
set xtics 0, 0.1
set ytics 0, 5
unset mxtics
unset mytics
set xlabel "Load: work that comes, over what can be done" offset 0, 0.2
set title "Mean time from arrival until done, in units of work" offset 0, -0.3
set key top left
random(x) = x < 0.955 ? 1 / (1 - x) : 1/0
equal(x) = x < 0.977 ? 1 + x / (2 * (1 - x)) : 1/0
set samples 400
plot random(x) with lines linetype 10 title "model: M/M/1, M/D/1", \
     equal(x) with lines linetype 10 notitle, \
     data index 0 using 1:2:3:4 with yerrorbars linetype 2 title "work of exponential length", \
     data index 1 using 1:2:3:4 with yerrorbars linetype 3 title "work of equal length"

# Group commit: durable records a second against records for each sync.
load "common/tools/style.gp"
data = "figures/04-commit.tsv"
set logscale xy
set xlabel "Records for each sync, b"
set ylabel "Durable records a second"
set xrange [0.9:4600]
set yrange [300:200000]
set xtics ("1" 1, "4" 4, "16" 16, "64" 64, "256" 256, "1024" 1024, "4096" 4096)
set ytics ("500" 500, "1000" 1000, "5000" 5000, "10 000" 10000, "50 000" 50000, "100 000" 100000)
unset mxtics
unset mytics
set samples 300
S = 0.002; R = 0.00001
max(a, b) = a > b ? a : b
set key bottom right
set label 1 "a sync each: 500" at 1.15, 420 textcolor rgb "#555555"
set label 2 "the writer's own: 1 / t_{record}" at 1.3, 118000 textcolor rgb "#555555"
plot x / max(S, x * R) with lines linetype 10 title "models", \
     x / (S + x * R) with lines linetype 10 notitle, \
     data using 1:2 with points linetype 1 title "waits for the sync", \
     data using 1:4 with points linetype 2 title "goes on meanwhile"

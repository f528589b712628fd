# Bytes in pieces: what a byte costs a parser that goes on where it stopped, and
# one that begins again, over the model.
load "common/tools/style.gp"
data = "figures/02-splits.tsv"
faint_blue = "#D3E7F3"; faint_orange = "#F8D9C6"
set logscale xy
set xlabel "Bytes in a piece"
set ylabel "Nanoseconds of processor time for a byte"
set xrange [0.8:82000]
set yrange [0.5:5000]
set xtics ("1" 1, "4" 4, "16" 16, "64" 64, "256" 256, "1 KiB" 1024, "4 KiB" 4096, "16 KiB" 16384, "64 KiB" 65536)
set mxtics 1
set ytics ("1" 1, "10" 10, "100" 100, "1000" 1000)
set key top right
set arrow 1 from 4016, 0.5 to 4016, 260 nohead back linecolor rgb grey linewidth 1 dashtype (2,3)
set label 1 "a command has 4016 bytes" at 4016, 350 center font ",11.5" textcolor rgb "#555555"
plot data using 1:7:8 with filledcurves linecolor rgb faint_orange, \
     "" using 1:3:4 with filledcurves linecolor rgb faint_blue, \
     "" using 1:9 with lines linetype 10, \
     "" using 1:5 with lines linetype 10 title "model", \
     "" using 1:6 with points linetype 2 title "begins again at each piece", \
     "" using 1:2 with points linetype 1 title "goes on where it stopped"

# Goodput against loss, between a ceiling and a floor.
wide = 720
tall = 440
load "common/tools/style.gp"
data = "figures/03-goodput.tsv"
set logscale xy
set xlabel "Loss, p"
set ylabel "Goodput, Mbit/s"
set xrange [0.0009:0.112]
set yrange [0.4:32]
set xtics ("0.1 %%" 0.001, "0.2 %%" 0.002, "0.5 %%" 0.005, "1 %%" 0.01, "2 %%" 0.02, "5 %%" 0.05, "10 %%" 0.1)
set ytics ("0.5" 0.5, "1" 1, "2" 2, "5" 5, "10" 10, "20" 20)
unset mxtics
unset mytics
set samples 200
S = 1400 * 8 / 1e6; R = 0.02; T = 0.22
min(a, b) = a < b ? a : b
top(p) = S / (R * sqrt(2 * p / 3))
low(p) = S / (R * sqrt(2 * p / 3) + T * min(1, 3 * sqrt(3 * p / 8)) * p * (1 + 32 * p * p))
set key bottom left
set label 1 "Mathis: only the sawtooth" at 0.0125, 9.2 textcolor rgb "#555555"
set label 2 "Padhye: and its timer, 200 ms\nand a round trip" at 0.0098, 1.55 right textcolor rgb "#555555"
plot "+" using 1:(low($1)):(top($1)) with filledcurves linecolor rgb "#F1F3F5" notitle, \
     top(x) with lines linetype 10 title "models", \
     low(x) with lines linetype 10, \
     data using ($1 * 0.985):4:5:6 with yerrorbars linetype 1 title "NewReno", \
     data using ($1 * 1.015):7:8:9 with yerrorbars linetype 2 title "CUBIC"

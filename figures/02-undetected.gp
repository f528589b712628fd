# What escapes a check of k bits: measured over the model 2^-k.
load "common/tools/style.gp"
set xlabel "Width of the check, k bits"
set ylabel "Share of damaged messages that pass for whole"
set xrange [6:34]
set yrange [1e-10:6]
set logscale y 2
set xtics ("8" 8, "10" 10, "12" 12, "14" 14, "16" 16, "32" 32)
set ytics ("1" 1, "2^{-8}" 2**-8, "2^{-16}" 2**-16, "2^{-24}" 2**-24, \
           "2^{-32}" 2**-32)
plot 2**-x linetype 10 title "2^{-k}"

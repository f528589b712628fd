# What escapes a check of k bits: measured over the model 2^-k; and beside it,
# how far from that the swaps of words are.
wide = 780
tall = 430
load "common/tools/style.gp"
data = "figures/02-undetected.tsv"
set multiplot
set tmargin at screen 0.90
set bmargin at screen 0.135

# ---- The share that escapes. ----
set lmargin at screen 0.075
set rmargin at screen 0.575
set title "Share of damaged messages that pass for whole" offset 0, -0.2
set xlabel "Width of the check, k bits" offset 0, 0.2
set xrange [6.5:34.5]
set logscale y 2
set yrange [2**-35:2**2.5]
set xtics 8, 4, 32
set ytics ("1" 1, "2^{−8}" 2**-8, "2^{−16}" 2**-16, "2^{−24}" 2**-24, "2^{−32}" 2**-32)
unset mxtics
unset mytics
set label 1 "Internet checksum:\nevery swap escapes" at 17.2, 2**0.35 textcolor rgb green
set label 2 "CRC-32C: no burst seen\nto escape, so the share\nis below this; of swaps\nnone can" \
    at 34.2, 2**-14.8 right textcolor rgb blue
set key at graph 0.02, 0.30 top left
plot 2**-x with lines linetype 10 title "model  2^{−k}", \
     data index 0 using 1:3:4:5 with yerrorbars linetype 1 title "CRC, a burst of 64 bits", \
     data index 0 using 1:7:8:9 with yerrorbars linetype 2 title "CRC, two words swapped", \
     data index 1 using ($1 + 0.7):3:4:5 with yerrorbars linetype 3 title "Internet checksum, burst", \
     data index 1 using 1:6 with points linetype 3, \
     data index 2 using ($1 - 0.8):4:(1.6):(0) with vectors nohead linecolor rgb blue linewidth 2, \
     data index 2 using 1:4:(0):(2**-29 - $4) with vectors head filled size 0.6,20 linecolor rgb blue linewidth 2

# ---- The same over the model. ----
unset label
unset logscale
unset key
set lmargin at screen 0.655
set rmargin at screen 0.985
set title "The same, divided by 2^{−k}" offset 0, -0.2
set xrange [7:18.2]
set xtics 8, 2, 18
set yrange [0:2.6]
set ytics 0, 0.5, 2.5 format "%.1f"
swaps(k) = (2**(17 - k) - 1) / 65535.0 * 2**k
set label 3 "a swap escapes if the\npolynomial's large factor\ndivides the difference" \
    at 7.3, 1.66 textcolor rgb orange
set label 4 "from 17 bits on: none" at 16.5, 0.13 right textcolor rgb orange
plot 1 with lines linetype 10, \
     [7:17] swaps(x) with lines linecolor rgb orange linewidth 1.6 dashtype (8,5), \
     data index 0 using ($1 - 0.08):($3/$2):($4/$2):($5/$2) with yerrorbars linetype 1, \
     data index 0 using ($1 + 0.08):($7/$2):($8/$2):($9/$2) with yerrorbars linetype 2, \
     data index 1 using ($1 + 0.4):($3/$2):($4/$2):($5/$2) with yerrorbars linetype 3
unset multiplot

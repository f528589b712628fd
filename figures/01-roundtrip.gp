# The round trip of a message over TCP on loopback, over Hockney's line; how far
# it is from the line; and how often somebody had to wait for it.
tall = 780
load "common/tools/style.gp"
data = "figures/01-roundtrip.tsv"
pale_blue = "#CFE3F1"; pale_orange = "#F8DFCF"
set linetype 1 pointsize 0.5
set linetype 2 pointsize 0.5
model(alpha, beta) = sprintf("α = %.1f µs,  1/β = %.0f GB/s", alpha, 1 / beta)
label_of(way, name, text, alpha, beta) = way eq name ? text.model(alpha, beta) : ""

set logscale x
set xrange [0.85:6e6]
set xtics 1, 4, 4194304 format ""
unset mxtics
set lmargin 9
set rmargin 3
set key top left
set multiplot

# ---- The time. ----
set tmargin at screen 0.98
set bmargin at screen 0.47
set logscale y
set yrange [1:12000]
set ytics ("1 µs" 1, "10 µs" 10, "100 µs" 100, "1 ms" 1000, "10 ms" 10000)
plot data index 1 using 1:3:4 with filledcurves linecolor rgb pale_blue, \
     "" index 1 using 1:8:9 with filledcurves linecolor rgb pale_orange, \
     "" index 1 using ($1 >= 24576 ? $1 : NaN):12 with lines linecolor rgb grey linewidth 1.4, \
     "" index 1 using 1:5 with lines linetype 10 title "model  2 (α + n β), fitted up to 256 KiB", \
     "" index 1 using 1:10 with lines linetype 10, \
     "" index 1 using 1:2 with points linetype 1, \
     "" index 1 using 1:7 with points linetype 2, \
     "" index 0 using (1):(1.1 * $2):(label_of(strcol(1), "apart", "client and server on two CPUs:  ", $2, $3)) \
         with labels left textcolor rgb blue, \
     "" index 0 using (1):(1.1 * $2):(label_of(strcol(1), "together", "on one:  ", $2, $3)) \
         with labels left textcolor rgb orange, \
     "" index 1 using ($1 == 262144 ? $1 : NaN):12:("its bytes copied\nfour times") \
         with labels left offset 0.7,-1.2 textcolor rgb grey

# ---- The residuals. ----
unset key
set tmargin at screen 0.435
set bmargin at screen 0.265
set yrange [0.6:14]
set ytics ("1" 1, "2" 2, "5" 5, "10" 10)
set label 1 "measured / model" at 1, 8.4 textcolor rgb ink
plot 1 with lines linetype 10, \
     data index 1 using 1:($2/$5) with linespoints linetype 1, \
     "" index 1 using 1:($7/$10) with linespoints linetype 2

# ---- The switches. ----
set tmargin at screen 0.23
set bmargin at screen 0.07
set xtics ("1" 1, "4" 4, "16" 16, "64" 64, "256" 256, "1 KiB" 1024, "4 KiB" 4096, "16 KiB" 16384, \
    "64 KiB" 65536, "256 KiB" 262144, "1 MiB" 1048576, "4 MiB" 4194304)
set yrange [1.4:60]
set ytics ("2" 2, "5" 5, "10" 10, "20" 20, "50" 50)
set xlabel "Size of the message, in bytes" offset 0, 0.3
set label 1 "switches from thread to thread in a round trip" at 1, 34
plot data index 1 using 1:6 with linespoints linetype 1, \
     "" index 1 using 1:11 with linespoints linetype 2
unset multiplot

# A pass of a server that watches idle connections: poll's cost grows with each
# of them, epoll's does not.
load "common/tools/style.gp"
data = "figures/01-idle.tsv"
pale_blue = "#CFE3F1"; pale_orange = "#F8DFCF"
stats data index 0 using 1 name "a" nooutput
stats data index 0 using 2 name "b" nooutput
stats data index 0 using 3 name "c" nooutput

# A logarithmic axis has no place for 0: it stands at 8, apart from the rest.
x(idle) = idle == 0 ? 8 : idle
some(idle) = idle == 0 ? NaN : idle
set logscale xy
set xrange [6.8:10500]
set yrange [0.7:6000]
set xtics ("none" 8, "16" 16, "64" 64, "256" 256, "1024" 1024, "4096" 4096)
set ytics ("1 µs" 1, "10 µs" 10, "100 µs" 100, "1 ms" 1000)
unset mxtics
set xlabel "Idle connections that are watched beside the one in use"
set ylabel "A pass of the server"
set label 1 sprintf("poll  %.1f µs, and %.0f ns for each", a_mean, 1000 * b_mean) \
    at 330, 14 textcolor rgb blue
set label 2 sprintf("epoll  %.1f µs", c_mean) at 330, 2.1 textcolor rgb orange
plot data index 1 using (some($1)):3:4 with filledcurves linecolor rgb pale_blue, \
     "" index 1 using (some($1)):7:8 with filledcurves linecolor rgb pale_orange, \
     x < 12 ? NaN : a_mean + b_mean * x with lines linetype 10 \
         title "models  a + b n, fitted up to 512, and c", \
     x < 12 ? NaN : c_mean with lines linetype 10, \
     data index 1 using (x($1)):2 with points linetype 1, \
     "" index 1 using (x($1)):6 with points linetype 2

# A space-time diagram. `data` names what spacetime_table() printed: all places,
# in pixels. For a figure:  data = "figures/05-x.tsv"; load "common/tools/spacetime.gp"
# By itself:  gnuplot -c common/tools/spacetime.gp PICTURE.svg DATA.tsv
if (!exists("data")) { out = ARG1; data = ARG2 }
set datafile separator "\t"
stats data index "frame" using 1 name "wide" nooutput
stats data index "frame" using 2 name "tall" nooutput
wide = wide_max; tall = tall_max
load "common/tools/style.gp"

red = "#B00020"
set linetype 4 linecolor rgb pink
set linetype 5 linecolor rgb sky
set linetype 6 linecolor rgb gold
set linetype 7 linecolor rgb grey
set linetype 21 linecolor rgb "#C9C9C9"   # A lane that is down ...
set linetype 22 linecolor rgb "#EBEBEB"   # ... that is paused.
unset border; unset tics; unset grid; unset key
set margins 0,0,0,0
set xrange [0:wide]
set yrange [tall:0]
set style textbox opaque noborder fillcolor rgb "#FFFFFF" margins 0.4,0.2
barrier = "size 8,25 linewidth 1.2 dashtype (3,4)"
arrow = "head filled size 11,16,60 linewidth 1.5"
sign(k) = k == 3 ? 6 : k == 5 ? 13 : 7   # A ring, a diamond, a disk.

plot data index "times" using (66):1:(wide-76):(0) with vectors nohead \
         linecolor rgb "#F3F3F3" linewidth 1, \
     data index "lanes" using 1:2:(0):($3-$2) with vectors nohead linecolor rgb grey \
         linewidth 1.5, \
     data index "lanes" using 1:2:("node ".stringcolumn(4)) with labels noenhanced \
         offset 0,0.9 font ",12" textcolor rgb ink, \
     data index "bands" using (($1+$3)/2):(($2+$4)/2):1:3:2:4:(20+$5) with boxxyerror \
         linecolor variable, \
     data index "times" using (60):1:2 with labels right noenhanced font ",11" \
         textcolor rgb grey, \
     data index "asides" using 1:2:3 with labels left noenhanced font ",11" \
         textcolor rgb grey, \
     for [k=1:3:2] data index "links" using 1:($4 == k ? $2 : NaN):($3-$1):(0) \
         with vectors head @barrier linecolor rgb (k < 3 ? red : green), \
     for [k=2:4:2] data index "links" using 1:($4 == k ? $2 : NaN):($3-$1):(0) \
         with vectors heads @barrier linecolor rgb (k < 3 ? red : green), \
     data index "messages" using 1:2:($3-$1):($4-$2):5 with vectors @arrow \
         linecolor variable, \
     data index "lost" using 1:2:($3-$1):($4-$2):5 with vectors nohead linewidth 1.5 \
         dashtype (5,4) linecolor variable, \
     data index "leads" using 1:2:(0):($3-$2) with vectors head filled size 12,20,60 \
         linecolor rgb red linewidth 2.5, \
     data index "links" using (($1+$3)/2):($4 < 3 ? $2 : NaN):5 with labels boxed font ",11" \
         textcolor rgb red, \
     data index "links" using (($1+$3)/2):($4 < 3 ? NaN : $2):5 with labels boxed font ",11" \
         textcolor rgb green, \
     data index "words" using 1:($3 > 0 ? $2 : NaN):4 with labels left \
         boxed noenhanced font ",11" textcolor rgb ink, \
     data index "words" using 1:($3 < 0 ? $2 : NaN):4 with labels right \
         boxed noenhanced font ",11" textcolor rgb ink, \
     data index "texts" using 1:2:5:3:4 with labels center rotate variable noenhanced \
         font ",11" textcolor variable, \
     data index "lost" using 3:4 with points pointtype 2 pointsize 0.8 linewidth 2.2 \
         linecolor rgb red, \
     data index "marks" using 1:($3 == 2 ? NaN : $2):(sign($3)) with points \
         pointtype variable pointsize 0.7 linewidth 1.8 linecolor rgb ink, \
     data index "marks" using 1:($3 == 2 ? $2 : NaN) with points pointtype 2 \
         pointsize 1 linewidth 2.6 linecolor rgb red, \
     data index "broken" using (($1+$3)/2):(($2+$4)/2):1:3:2:4 with boxxyerror \
         fillcolor rgb "#FDECEE" fillstyle solid 1 border linecolor rgb red linewidth 2, \
     data index "sentences" using 1:2:3 with labels left noenhanced font ",12" \
         textcolor rgb red

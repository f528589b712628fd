# House style. Use:  gnuplot -e "out='figures/01-rumour.svg'" figures/01-rumour.gp
# Set `wide` or `tall` (pixels) before loading to change the size.
if (!exists("wide")) wide = 720
if (!exists("tall")) tall = 440
if (!exists("out")) out = "figure.svg"
face = "DejaVu Sans,Verdana,Arial,sans-serif"
if (out[strlen(out)-3:] eq ".png") {
    set terminal pngcairo size 2*wide,2*tall fontscale 2 linewidth 2 pointscale 2 \
        font "DejaVu Sans,11" enhanced rounded background "#ffffff"
} else {
    set terminal svg size wide,tall font face.",13" enhanced rounded dashed \
        linewidth 1 background "#ffffff" name "figure"
}
set output out
set encoding utf8
set datafile separator "\t"
set datafile commentschars "#"

# Okabe-Ito colours: told apart by every kind of colour vision.
blue = "#0072B2"; orange = "#D55E00"; green = "#009E73"; gold = "#E69F00"
sky = "#56B4E9";  pink = "#CC79A7";   ink = "#222222";   grey = "#8A8A8A"; pale = "#E4E4E4"

# Line types 1-6: measured series. Line type 10: the model, always dashed.
set linetype 1 linecolor rgb blue   linewidth 2 pointtype 7  pointsize 0.7
set linetype 2 linecolor rgb orange linewidth 2 pointtype 5  pointsize 0.7
set linetype 3 linecolor rgb green  linewidth 2 pointtype 9  pointsize 0.8
set linetype 4 linecolor rgb gold   linewidth 2 pointtype 13 pointsize 0.9
set linetype 5 linecolor rgb pink   linewidth 2 pointtype 11 pointsize 0.8
set linetype 6 linecolor rgb sky    linewidth 2 pointtype 3  pointsize 0.8
set linetype 10 linecolor rgb ink linewidth 1.6 dashtype (8,5)
set linetype cycle 6

set style line 101 linecolor rgb pale linewidth 1
set style line 102 linecolor rgb "#F1F1F1" linewidth 0.7
set style line 103 linecolor rgb grey linewidth 1
set border 3 linestyle 103
set tics nomirror out scale 0.5 textcolor rgb ink
set grid xtics ytics mxtics mytics linestyle 101, linestyle 102 back
set key top left Left reverse samplen 2.5 spacing 1.25 noautotitle textcolor rgb ink
set title  textcolor rgb ink
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink
set errorbars small
set style fill solid 1 noborder   # never a transparent default: it would wash out colour bars
set samples 150

# Sequential palette for heat maps (viridis): even steps of lightness.
viridis = 'defined (0 "#440154", 1 "#482878", 2 "#3E4A89", 3 "#31688E", 4 "#26828E", \
 5 "#1F9E89", 6 "#35B779", 7 "#6DCD59", 8 "#B4DE2C", 9 "#FDE725")'
# Heat maps:  plot ... with image @seamless   (rectangles in SVG, one bitmap in PNG)
seamless = out[strlen(out)-3:] eq ".svg" ? "pixels" : ""

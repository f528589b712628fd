# The book in one picture: a protocol asks its env, and who stands behind it.
wide = 820; tall = 560
load "common/tools/style.gp"
unset border; unset tics; unset grid; unset key
set margins 0.5,0.5,0.5,0.5
set xrange [0:100]
set yrange [0:100]

box = 0
chapters = 7
names = "'1  sockets' '2  framing' '3  transport' '4  queues' '5  locks' '6  Paxos' '7  Raft'"
gives = "'bytes between machines' 'messages from bytes' 'messages that arrive' 'work that waits' 'one at a time' 'agreeing once' 'agreeing for ever'"
fills = "#E3EFF7 #D3E6F3 #C0DBEE #A9CDE6 #8FBDDD #72ABD2 #5298C6"

# The tower of chapters, each standing on the one below.
do for [i=1:chapters] {
    y = 8 + (i - 1) * 11
    set object i rectangle from 3 + 1.1 * (i - 1), y to 47 - 1.1 * (i - 1), y + 9.4 \
        fillcolor rgb word(fills, i) fillstyle solid 1 noborder
    set label 100 + i word(names, i) at 6 + 1.1 * (i - 1), y + 4.7 left font ",14" textcolor rgb ink
    set label 200 + i word(gives, i) at 45 - 1.1 * (i - 1), y + 4.7 right font ",11" textcolor rgb "#333333"
}
set label 300 "What you build" at 25, 92 center font ",15" textcolor rgb ink
set label 301 "each chapter stands on the one below" at 25, 88.2 center font ",11" textcolor rgb grey

# A protocol, its env, and the worlds behind it.
set label 302 "How it runs" at 77, 92 center font ",15" textcolor rgb ink
set label 303 "the same lines in every world" at 77, 88.2 center font ",11" textcolor rgb grey
set object 20 rectangle from 63, 72 to 91, 83 fillcolor rgb "#FBE9DC" fillstyle solid 1 noborder
set label 304 "a protocol" at 77, 79 center font ",14" textcolor rgb ink
set label 305 "stop-and-wait, a broker, Raft ..." at 77, 74.8 center font ",11" textcolor rgb "#333333"
set arrow 1 from 77, 72 to 77, 60.6 head filled size 1.2,18,60 linecolor rgb orange linewidth 2
set label 306 "nine verbs" at 78.5, 66.4 left font ",12" textcolor rgb orange
set object 21 rectangle from 57, 51.5 to 97, 60 fillcolor rgb orange fillstyle solid 1 noborder
set label 307 "env" at 77, 55.7 center font ",15" textcolor rgb "#FFFFFF"
worlds = "tape sim host layer"
what = "'writes down what was asked: a test of one rule' 'a world from one seed: storms, crashes, replay' 'real sockets, real disks, real time' 'another protocol, offering a better world'"
do for [i=1:4] {
    y = 40 - (i - 1) * 10.7
    set object 30 + i rectangle from 57, y to 97, y + 8.8 fillcolor rgb "#F3F3F3" fillstyle solid 1 noborder
    set label 400 + i word(worlds, i) at 59, y + 5.9 left font ",13" textcolor rgb ink
    set label 500 + i word(what, i) at 59, y + 2.5 left font ",10.5" textcolor rgb "#444444"
}
plot NaN

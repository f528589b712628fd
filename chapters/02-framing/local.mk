# To the doors on trial, time passes as the tests say.
$P/test/chapters/02-framing/door/test_door_runs \
$P/test/chapters/02-framing/door/test_door_limits \
$P/test/chapters/02-framing/door/test_door_hostile \
$P/test/chapters/02-framing/door/test_door_time \
$P/test/chapters/02-framing/door/fuzz_door: LIBS += -Wl,--wrap=clock_monotonic

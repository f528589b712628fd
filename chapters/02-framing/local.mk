# To doors and web servers on trial, time passes as the tests say.
$(addprefix $P/test/chapters/02-framing/door/,test_door_runs test_door_limits \
  test_door_hostile test_door_time fuzz_door) \
$(addprefix $P/test/chapters/02-framing/web/,test_web test_web_time test_files \
  test_counter): LIBS += -Wl,--wrap=clock_monotonic

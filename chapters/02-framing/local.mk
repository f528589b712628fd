# These tests put a clock of their own under the web server.
$(addprefix $P/test/chapters/02-framing/web/,test_web test_web_time test_files \
  test_counter): LIBS += -Wl,--wrap=clock_monotonic

# These tests put a stage of their own under io and dial: system calls and the
# clock.
$B/test/chapters/01-sockets/test_io: LIBS += -Wl,--wrap=recv,--wrap=send \
  -Wl,--wrap=ppoll,--wrap=clock_monotonic
$B/test/chapters/01-sockets/test_dial: LIBS += \
  -Wl,--wrap=ppoll,--wrap=clock_monotonic
$B/test/chapters/01-sockets/test_store: LIBS += \
  -Wl,--wrap=fdatasync -Wl,--wrap=fsync -Wl,--wrap=rename
$B/test/chapters/01-sockets/test_load_time: LIBS += \
  -Wl,--wrap=epoll_pwait2,--wrap=epoll_wait,--wrap=clock_monotonic

# These tests put a stage of their own under io and dial: system calls and the
# clock.
$B/test/chapters/01-sockets/test_io: LIBS += -Wl,--wrap=recv,--wrap=send \
  -Wl,--wrap=ppoll,--wrap=clock_monotonic
$B/test/chapters/01-sockets/test_dial: LIBS += \
  -Wl,--wrap=ppoll,--wrap=clock_monotonic
$B/test/chapters/01-sockets/host/test_store: LIBS += \
  -Wl,--wrap=fdatasync -Wl,--wrap=fsync -Wl,--wrap=rename
# And under streams.
$B/test/chapters/01-sockets/test_stream $B/test/chapters/01-sockets/test_storm: LIBS += \
  -Wl,--wrap=recv,--wrap=read,--wrap=readv \
  -Wl,--wrap=send,--wrap=write,--wrap=writev,--wrap=sendmsg \
  -Wl,--wrap=epoll_wait,--wrap=epoll_pwait2
# And under the load.
$B/test/chapters/01-sockets/echo/test_load_time: LIBS += \
  -Wl,--wrap=epoll_pwait2,--wrap=epoll_wait,--wrap=clock_monotonic

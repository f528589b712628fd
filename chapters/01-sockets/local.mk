# These tests put a stage of their own under dial and eyeballs: system calls and
# the clock.
$P/test/chapters/01-sockets/test_dial: LIBS += \
  -Wl,--wrap=ppoll,--wrap=clock_monotonic
$P/test/chapters/01-sockets/test_eyeballs_staged: LIBS += \
  -Wl,--wrap=net_connect,--wrap=ppoll,--wrap=clock_monotonic
$P/test/chapters/01-sockets/host/test_store $P/test/chapters/01-sockets/host/test_store_written: LIBS += \
  -Wl,--wrap=fdatasync -Wl,--wrap=fsync -Wl,--wrap=rename
# And under streams, and what stands on them (test_kernel.h).
staged := $(addprefix $P/test/chapters/01-sockets/,test_stream \
  test_stream_end test_storm test_relay test_acceptor)
$(staged): LIBS += -Wl,--wrap=recv,--wrap=read,--wrap=readv \
  -Wl,--wrap=recvfrom,--wrap=recvmsg,--wrap=sendto \
  -Wl,--wrap=send,--wrap=write,--wrap=writev,--wrap=sendmsg \
  -Wl,--wrap=epoll_wait,--wrap=epoll_pwait2
$P/test/chapters/01-sockets/test_acceptor: LIBS += \
  -Wl,--wrap=accept4,--wrap=clock_monotonic
# And under the load.
$P/test/chapters/01-sockets/echo/test_load_time: LIBS += \
  -Wl,--wrap=epoll_pwait2,--wrap=epoll_wait,--wrap=clock_monotonic
# This demo takes note of each attempt to connect.
$P/bin/demo_eyeballs: LIBS += -Wl,--wrap=connect,--wrap=close

# The system calls that exercises make are staged (kernel.h): a program that is
# linked so has no other kernel.
STAGED := recv recvfrom recvmsg read readv send sendto sendmsg write writev \
  socket connect close shutdown getsockopt setsockopt getpeername getsockname \
  fcntl ioctl poll ppoll select pselect epoll_create1 epoll_ctl epoll_wait \
  epoll_pwait2 clock_monotonic clock_gettime
STAGED := $(addprefix -Wl$(comma)--wrap=,$(STAGED))
$P/test/common/course/test_kernel: private LIBS += $(STAGED)

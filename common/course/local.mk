# The system calls that exercises make are staged (kernel.h): a program that is
# linked so has no other kernel.
STAGED := recv recvfrom recvmsg read readv send sendto sendmsg write writev \
  socket connect close shutdown getsockopt setsockopt getpeername getsockname \
  fcntl ioctl poll ppoll select pselect epoll_create1 epoll_ctl epoll_wait \
  epoll_pwait2 clock_monotonic clock_gettime
STAGED := $(addprefix -Wl$(comma)--wrap=,$(STAGED))
$P/test/common/course/test_kernel: private LIBS += $(STAGED)
# What threads call is replaced where tests weave them (loom.h).
LOOMED := pthread_create pthread_join sched_yield pthread_mutex_init \
  pthread_mutex_destroy pthread_mutex_lock pthread_mutex_trylock \
  pthread_mutex_unlock pthread_cond_init pthread_cond_destroy \
  pthread_cond_wait pthread_cond_timedwait pthread_cond_signal \
  pthread_cond_broadcast sem_init sem_destroy sem_wait sem_trywait \
  sem_timedwait sem_post sem_getvalue
LOOMED := $(addprefix -Wl$(comma)--wrap=,$(LOOMED))
$P/test/common/course/test_loom: private LIBS += $(LOOMED)
$P/test/common/course/test_loom_failures: private LIBS += $(LOOMED) \
  -Wl,--wrap=graded_fail

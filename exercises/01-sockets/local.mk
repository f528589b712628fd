# These make system calls, on a stage (common/course/kernel.h).
$P/test/exercises/01-sockets/%: LIBS += $(STAGED)
$B/graded/exercises/01-sockets/%: LIBS += $(STAGED)

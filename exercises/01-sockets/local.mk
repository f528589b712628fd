# These make system calls, on a stage (common/course/kernel.h).
$P/test/exercises/01-sockets/%: private LIBS += $(STAGED)
$B/graded/exercises/01-sockets/%: private LIBS += $(STAGED)
$B/mistakes/01-sockets/%: private LIBS += $(STAGED)
$B/variants/01-sockets/%: private LIBS += $(STAGED)

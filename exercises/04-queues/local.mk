# The threads of these are woven by a seed (common/course/loom.h).
$P/test/exercises/04-queues/test_ring: private LIBS += $(LOOMED)
$B/graded/exercises/04-queues/test_ring: private LIBS += $(LOOMED)
$B/mistakes/04-queues/ring/%: private LIBS += $(LOOMED)
$B/variants/04-queues/ring/%: private LIBS += $(LOOMED)

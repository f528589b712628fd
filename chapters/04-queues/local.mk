# Its threads are on the loom (common/course/loom.h): in virtual time.
$P/bin/demo_ring: private LIBS += $(LOOMED)

# The threads of these are woven by a seed (common/course/loom.h).
$P/test/exercises/04-queues/test_ring: private LIBS += $(LOOMED)
$B/graded/exercises/04-queues/test_ring: private LIBS += $(LOOMED)
$B/mistakes/04-queues/ring/%: private LIBS += $(LOOMED)
$B/variants/04-queues/ring/%: private LIBS += $(LOOMED)
# What the wrong brokers of 4.B stand on.
$B/mistakes/04-queues/confirm/%.o: solutions/04-queues/confirm.wrong/%.c
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) -c -o $@ $<

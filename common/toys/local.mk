# The toys with mistakes planted in them: build/planted/TOY/NAME is the program
# storm_TOY, with TOY.c as common/toys/TOY.mistakes has it. test_planted runs all.
planted_names = $(shell awk '/^Mistake:/ { print $$2 }' common/toys/$1.mistakes)
define planted
$P/planted/$1/made: common/toys/$1.c common/toys/$1.mistakes $P/bin/plant
	@mkdir -p $$(@D) && $P/bin/plant common/toys/$1.c common/toys/$1.mistakes $$(@D) > $$@
$(patsubst %,$P/planted/$1/%.c,$2): $P/planted/$1/made ;
$(patsubst %,$P/planted/$1/%.o,$2): %.o: %.c $B/flags
	@$(CC) $(filter-out -Werror,$$(FLAGS)) -w -c -o $$@ $$<
$(patsubst %,$P/planted/$1/%,$2): %: %.o $B/obj/common/toys/storm_$1.o $B/lib/common.a
	@$(CC) $(MODE) -o $$@ $$^ $$(LIBS)
planted_programs += $(patsubst %,$P/planted/$1/%,$2)
endef
$(foreach t,stopwait counter,$(eval $(call planted,$t,$(call planted_names,$t))))
$P/test/common/toys/test_planted.run: $(planted_programs)
planted: $(planted_programs)
# A failure for a figure: the object with the mistake comes before the archive.
$P/bin/measure_failure: | $P/planted/counter/reads_before_it_knows.o
$P/bin/measure_failure: private MODE += $P/planted/counter/reads_before_it_knows.o
